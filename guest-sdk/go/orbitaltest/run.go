package orbitaltest

import (
	"fmt"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// Outcome is how a run ended.
type Outcome string

// The outcomes. A run ends as Error if there is no case of its name.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Timeout Outcome = "timeout"
	Error   Outcome = "error"
)

// Run is what became of a run.
type Run struct {
	Case    string
	Outcome Outcome
	// Reasons are why it did not pass.
	Reasons []string
	Log     []Line
	Sent    []Sent
	Metrics []Metric
	// Duration is how long it took by its own clock.
	Duration time.Duration
}

// Line is a line of the log.
type Line struct {
	// Level is debug, info, warn or error.
	Level   string
	Message string
	Fields  map[string]string
}

// Metric is a value that was recorded.
type Metric struct {
	// Kind is counter, gauge or histogram.
	Kind   string
	Name   string
	Value  float64
	Labels orbital.Labels
}

// String is the run as the host's console shows it.
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
