package orbitaltest

import (
	"fmt"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// Outcome is the outcome of a run.
type Outcome string

// The outcomes. Error means that there is no case with this name.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Timeout Outcome = "timeout"
	Error   Outcome = "error"
)

// Run is the result of a run, with everything that the case did.
type Run struct {
	Case    string
	Outcome Outcome
	// Reasons are the reasons why the run did not pass.
	Reasons []string
	Log     []Line
	Sent    []Sent
	Metrics []Metric
	// Duration is the duration of the run by the clock of the fake host.
	Duration time.Duration
}

// Line is a logged line.
type Line struct {
	// Level is the severity: debug, info, warn or error.
	Level   string
	Message string
	Fields  map[string]string
}

// Metric is a recorded value of a metric.
type Metric struct {
	// Kind is the type of the metric: counter, gauge or histogram.
	Kind   string
	Name   string
	Value  float64
	Labels orbital.Labels
}

// String returns the outcome, log and reasons, like the host's console.
func (r Run) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "--- %s: %s (%v)", strings.ToUpper(string(r.Outcome)), r.Case, r.Duration)
	for _, line := range r.Log {
		fmt.Fprintf(&text, "\n    %s: %s", line.Level, line.Message)
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(&text, "\n    %s", strings.ReplaceAll(reason, "\n", "\n    "))
	}
	return text.String()
}
