package orbital

import "github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"

// Labels are the labels of a metric, at most 8. The number of series is limited, so use few different values.
type Labels map[string]string

// Counter adds a value to a counter: t.Counter("items_total", 3, orbital.Labels{"kind": "new"}). By convention its name
// ends in _total. The host exports it as orbital_test_items_total, with the labels component and case. The error is a
// *MetricError.
func (t *T) Counter(name string, value float64, labels Labels) error {
	return t.record(contract.Counter, name, value, labels)
}

// Gauge sets a gauge to a value. The error is a *MetricError.
func (t *T) Gauge(name string, value float64, labels Labels) error {
	return t.record(contract.Gauge, name, value, labels)
}

// Histogram adds an observation to a histogram, in base units such as seconds or bytes. The error is a *MetricError.
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
