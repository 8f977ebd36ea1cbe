package orbitaltest

import (
	"fmt"
	"math"
	"runtime"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// started is the time when every attempt starts.
var started = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// played is the fake host of one run. A run has one thread, so it needs no locks.
type played struct {
	host    Host
	run     Run
	timeout time.Duration
	// now is the time since the attempt started.
	now     time.Duration
	ids     int
	queues  map[string][]*queued
	replies map[string][]orbital.Reply
}

var _ contract.Host = (*played)(nil)

var levels = map[contract.Level]string{
	contract.LevelDebug: "debug", contract.LevelInfo: "info", contract.LevelWarn: "warn", contract.LevelError: "error",
}

var kinds = map[contract.MetricKind]string{
	contract.Counter: "counter", contract.Gauge: "gauge", contract.Histogram: "histogram",
}

func (p *played) Log(level contract.Level, message string, fields []contract.Field) {
	p.run.Log = append(p.run.Log, Line{Level: levels[level], Message: message, Fields: named(fields)})
}

func (p *played) Fail(message string) {
	if p.run.Outcome == Pass {
		p.run.Outcome = Fail
	}
	p.run.Reasons = append(p.run.Reasons, message)
}

func (p *played) Context() contract.RunContext {
	return contract.RunContext{
		RunID:       "00000000-0000-7000-8000-000000000000",
		Component:   "orbitaltest",
		Case:        p.run.Case,
		Attempt:     uint32(max(p.host.Attempt, 1)),
		Environment: p.host.Environment,
		WebhookURL:  "http://webhook.example",
	}
}

func (p *played) TimeLeftMs() uint32 {
	return uint32(max(0, min((p.timeout-p.now).Milliseconds(), math.MaxUint32)))
}

func (p *played) Config(name string) (string, bool) {
	value, isSet := p.host.Config[name]
	return value, isSet
}

func (p *played) Elapsed() float64 { return p.now.Seconds() }

func (p *played) Sleep(durationMs uint32) {
	duration := time.Duration(durationMs) * time.Millisecond
	p.pass(duration, fmt.Sprintf("while sleeping for %v", duration))
}

func (p *played) NewID() string {
	p.ids++
	return fmt.Sprintf("00000000-0000-7000-8000-%012d", p.ids)
}

func (p *played) Record(kind contract.MetricKind, name string, value float64, labels []contract.Field) *contract.Error {
	p.run.Metrics = append(p.run.Metrics, Metric{Kind: kinds[kind], Name: name, Value: value, Labels: named(labels)})
	return nil
}

// pass advances the clock. If the attempt times out meanwhile, it ends the run, like the real host.
func (p *played) pass(duration time.Duration, doing string) {
	if p.now+duration < p.timeout {
		p.now += duration
		return
	}
	p.now = p.timeout
	if p.run.Outcome == Pass {
		p.run.Outcome = Timeout
	}
	p.run.Reasons = append(p.run.Reasons, fmt.Sprintf("timed out after %v %s", p.timeout, doing))
	runtime.Goexit()
}

func named(fields []contract.Field) map[string]string {
	named := make(map[string]string, len(fields))
	for _, field := range fields {
		named[field.Name] = field.Value
	}
	return named
}
