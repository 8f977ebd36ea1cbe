package orbital

import (
	"errors"
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// What errors.Is finds in a MetricError.
var (
	// ErrInvalidName: the name is not a letter followed by letters, digits and _, is longer than 100 bytes, or ends in
	// _bucket, _sum or _count.
	ErrInvalidName = errors.New("invalid name")
	// ErrInvalidLabel: a label is outside its limits.
	ErrInvalidLabel = errors.New("invalid label")
	// ErrInvalidValue: the value is not a number, or a counter would go down.
	ErrInvalidValue = errors.New("invalid value")
	// ErrOtherKind: the name stands for a metric of another kind.
	ErrOtherKind = errors.New("other kind")
	// ErrTooManySeries: the component has as many series as it may.
	ErrTooManySeries = errors.New("too many series")
)

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

// Labels are names and values of a metric. Use few different values: series are bounded in number.
type Labels map[string]string

// Counter adds to a counter of the case's own: t.Counter("items_total", 3, orbital.Labels{"kind": "new"}). It is on the
// host's metrics page as orbital_test_items_total, with the labels component and case added. The name ends in _total.
func (t *T) Counter(name string, value float64, labels Labels) error {
	return t.record(contract.Counter, name, value, labels)
}

// Gauge sets a gauge.
func (t *T) Gauge(name string, value float64, labels Labels) error {
	return t.record(contract.Gauge, name, value, labels)
}

// Histogram adds an observation to a histogram. In base units: seconds, bytes.
func (t *T) Histogram(name string, value float64, labels Labels) error {
	return t.record(contract.Histogram, name, value, labels)
}

func (t *T) record(kind contract.MetricKind, name string, value float64, labels Labels) error {
	given := t.host.Record(kind, name, value, sorted(labels))
	if given == nil {
		return nil
	}
	return &MetricError{Reason: reason(given), Text: given.Text, Limit: int(given.Number)}
}
