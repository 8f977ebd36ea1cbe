package orbital

import (
	"fmt"
	"time"
)

// RunContext has information about the current run.
type RunContext struct {
	// RunID identifies the run. A UUID, version 7.
	RunID string
	// Component is the name of the component: its file name without the extension.
	Component string
	// Case is the name of the case.
	Case string
	// Attempt is the number of the attempt, starting at 1.
	Attempt int
	// Environment is the name of the environment that the host runs in, such as staging. Empty if the operator did not set it.
	Environment string
	// WebhookURL is the public URL of the webhook, without a trailing slash. The system under test must deliver to this
	// URL. A test may append a path to it.
	WebhookURL string
}

// RunContext returns information about the current run.
func (t *T) RunContext() RunContext {
	run := t.host.Context()
	return RunContext{
		RunID:       run.RunID,
		Component:   run.Component,
		Case:        run.Case,
		Attempt:     int(run.Attempt),
		Environment: run.Environment,
		WebhookURL:  run.WebhookURL,
	}
}

// TimeLeft returns the time that is left before the attempt times out.
func (t *T) TimeLeft() time.Duration {
	return time.Duration(t.host.TimeLeftMs()) * time.Millisecond
}

// Config returns a value that the operator set for this component in the host's configuration, and whether it is set.
func (t *T) Config(name string) (string, bool) { return t.host.Config(name) }

// RequireConfig returns a value that the operator must set for this component in the host's configuration, or an error if
// it is not set.
func (t *T) RequireConfig(name string) (string, error) {
	value, isSet := t.host.Config(name)
	if !isSet {
		return "", fmt.Errorf("`%s` is not set in the host's configuration of this component", name)
	}
	return value, nil
}
