package orbital

import "github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"

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
