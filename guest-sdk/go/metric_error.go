package orbital

import "fmt"

// MetricError is why a value was not recorded.
type MetricError struct {
	// Reason is ErrInvalidName, ErrInvalidLabel, ErrInvalidValue, ErrOtherKind or ErrTooManySeries.
	Reason error
	// Text says what is outside its limits, or of which kind the metric is.
	Text string
	// Limit is how many series a component may have.
	Limit int
}

func (e *MetricError) Error() string {
	switch e.Reason {
	case ErrInvalidName:
		return "the metric's name cannot be one: " + e.Text
	case ErrInvalidLabel:
		return "the metric's label cannot be one: " + e.Text
	case ErrInvalidValue:
		return "the metric cannot have this value: " + e.Text
	case ErrOtherKind:
		return "the metric is of another kind: " + e.Text
	default:
		return fmt.Sprintf("the component has %d series already, as many as it may", e.Limit)
	}
}

// Unwrap is the reason, for errors.Is.
func (e *MetricError) Unwrap() error { return e.Reason }
