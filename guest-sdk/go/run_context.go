package orbital

import (
	"fmt"
	"time"
)

// RunContext is what a case may know of the run it is in.
type RunContext struct {
	// RunID is unique over all runs: a UUID, version 7.
	RunID string
	// Component is the component's name: the stem of its file.
	Component string
	// Case is the case's name.
	Case string
	// Attempt is 1 for the first attempt of the run.
	Attempt int
	// Environment is the operator's name for where the host runs, such as staging; empty if not set.
	Environment string
	// WebhookURL is where the system under test must deliver to, without a slash at its end. A path may be appended.
	WebhookURL string
}

// RunContext is the run, as the host sees it.
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

// TimeLeft is what is left of the attempt's time.
func (t *T) TimeLeft() time.Duration {
	return time.Duration(t.host.TimeLeftMs()) * time.Millisecond
}

// Config is a value that the operator set for this component, and whether it is set.
func (t *T) Config(name string) (string, bool) { return t.host.Config(name) }

// RequireConfig is a value that the operator must set for this component; an error if it is not set.
func (t *T) RequireConfig(name string) (string, error) {
	value, isSet := t.host.Config(name)
	if !isSet {
		return "", fmt.Errorf("`%s` is not set in the host's configuration of this component", name)
	}
	return value, nil
}
