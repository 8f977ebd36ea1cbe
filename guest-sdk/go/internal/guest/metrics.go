//go:build wasip1

package guest

import (
	bindings "github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_metrics"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/runtime"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/types"
)

// Record records a value for a metric.
func (Host) Record(kind contract.MetricKind, name string, value float64, labels []contract.Field) *contract.Error {
	record := bindings.Counter
	switch kind {
	case contract.Gauge:
		record = bindings.Gauge
	case contract.Histogram:
		record = bindings.Histogram
	}
	series := make([]bindings.Label, 0, len(labels))
	for _, label := range labels {
		series = append(series, bindings.Label(valid(label)))
	}
	name = utf8text.Valid(name)
	answer := wit_runtime.Cross(func() wit_types.Result[wit_types.Unit, bindings.MetricError] {
		return record(name, value, series)
	})
	if answer.Tag() == wit_types.ResultOk {
		return nil
	}
	return metricError(answer.Err())
}

func metricError(given bindings.MetricError) *contract.Error {
	switch given.Tag() {
	case bindings.MetricErrorInvalidName:
		return &contract.Error{Reason: contract.InvalidName, Text: given.InvalidName()}
	case bindings.MetricErrorInvalidLabel:
		return &contract.Error{Reason: contract.InvalidLabel, Text: given.InvalidLabel()}
	case bindings.MetricErrorInvalidValue:
		return &contract.Error{Reason: contract.InvalidValue, Text: given.InvalidValue()}
	case bindings.MetricErrorOtherKind:
		return &contract.Error{Reason: contract.OtherKind, Text: given.OtherKind()}
	default:
		return &contract.Error{Reason: contract.TooManySeries, Number: given.TooManySeries()}
	}
}
