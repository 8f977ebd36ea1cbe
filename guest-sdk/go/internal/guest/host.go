//go:build wasip1

package guest

import (
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_clock"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_config"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_context"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_log"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_verdict"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/runtime"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/types"
)

// Host is the host that this component runs in.
//
// Every text that it passes on goes through utf8text.Valid. What the host answers with more than numbers goes through
// wit_runtime.Cross.
type Host struct{}

var _ contract.Host = Host{}

// Log adds a line to the run's report.
func (Host) Log(level contract.Level, message string, fields []contract.Field) {
	lined := make([]orbital_test_log.Field, 0, len(fields))
	for _, field := range fields {
		lined = append(lined, orbital_test_log.Field(valid(field)))
	}
	orbital_test_log.Log(orbital_test_log.Level(level), utf8text.Valid(message), lined)
}

// Fail marks the run as failed.
func (Host) Fail(message string) { orbital_test_verdict.Fail(utf8text.Valid(message)) }

// Context is the run.
func (Host) Context() contract.RunContext {
	run := wit_runtime.Cross(orbital_test_context.Current)
	return contract.RunContext{
		RunID:       run.RunId,
		Component:   run.Component,
		Case:        run.Case,
		Attempt:     run.Attempt,
		Environment: run.Environment,
		WebhookURL:  run.WebhookUrl,
	}
}

// TimeLeftMs is what is left of the attempt's time.
func (Host) TimeLeftMs() uint32 { return orbital_test_context.TimeLeftMs() }

// Config is a value that the operator set.
func (Host) Config(name string) (string, bool) {
	name = utf8text.Valid(name)
	value := wit_runtime.Cross(func() wit_types.Option[string] { return orbital_test_config.Get(name) })
	if value.Tag() == wit_types.OptionNone {
		return "", false
	}
	return value.Some(), true
}

// Elapsed is how many seconds ago the attempt began.
func (Host) Elapsed() float64 { return orbital_test_clock.Elapsed() }

// Sleep waits.
func (Host) Sleep(durationMs uint32) { orbital_test_clock.Sleep(durationMs) }

// valid returns a name and a value that can be passed to the host.
func valid(field contract.Field) contract.Field {
	return contract.Field{Name: utf8text.Valid(field.Name), Value: utf8text.Valid(field.Value)}
}

// validOption returns a text that may be missing and that can be passed to the host.
func validOption(text *string) wit_types.Option[string] {
	if text == nil {
		return wit_types.None[string]()
	}
	return wit_types.Some(utf8text.Valid(*text))
}

// Option is a value that may be missing, as the bindings have it.
func Option[V any](value *V) wit_types.Option[V] {
	if value == nil {
		return wit_types.None[V]()
	}
	return wit_types.Some(*value)
}
