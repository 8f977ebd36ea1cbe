package orbital

import "fmt"

// MetricError is the reason why a value was not recorded.
type MetricError struct {
	// Reason is ErrInvalidName, ErrInvalidLabel, ErrInvalidValue, ErrOtherKind or ErrTooManySeries.
	Reason error
	// Text says what is invalid, or which type the metric has.
	Text string
	// Limit is the maximum number of series of the component.
	Limit int
}

func (e *MetricError) Error() string {
	switch e.Reason {
	case ErrInvalidName:
		return "invalid metric name: " + e.Text
	case ErrInvalidLabel:
		return "invalid metric label: " + e.Text
	case ErrInvalidValue:
		return "invalid metric value: " + e.Text
	case ErrOtherKind:
		return "the metric has another type: " + e.Text
	default:
		return fmt.Sprintf("the component has reached its limit of %d series", e.Limit)
	}
}

// Unwrap returns the reason, for errors.Is.
func (e *MetricError) Unwrap() error { return e.Reason }
