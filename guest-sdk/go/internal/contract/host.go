// Package contract has the words of the contract between host and test (orbital:test, in wit/) as Go types: what
// package orbital speaks to the real host, by the generated bindings, and to the one of package orbitaltest.
package contract

// Host is all that a test may call.
type Host interface {
	Log(level Level, message string, fields []Field)
	Fail(message string)
	Context() RunContext
	TimeLeftMs() uint32
	Config(name string) (value string, isSet bool)
	Elapsed() float64
	Sleep(durationMs uint32)
	NewID() string
	Expect(key string, replies []Reply) *Error
	WaitFor(key string, timeoutMs *uint32) (Delivery, *Error)
	WaitN(keys []string, n uint32, timeoutMs *uint32) ([]Delivery, *Error)
	SendEvent(event Event) (Receipt, *Error)
	SendEvents(events []Event) []Answer
	Request(request Request) (Receipt, *Error)
	Record(kind MetricKind, name string, value float64, labels []Field) *Error
}

// Level is how much a line of the log matters.
type Level uint8

// The levels, in the order of the contract.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// MetricKind is what a value is recorded for.
type MetricKind uint8

// The kinds of metrics.
const (
	Counter MetricKind = iota
	Gauge
	Histogram
)

// Field is a name and a value: a field of a log line, a header, a label, a tag.
type Field struct {
	Name, Value string
}

// RunContext is what a test may know of the run it is in.
type RunContext struct {
	RunID, Component, Case  string
	Attempt                 uint32
	Environment, WebhookURL string
}

// Reply is what the webhook answers to one delivery.
type Reply struct {
	Status  uint16
	DelayMs uint32
	Headers []Field
	Body    []byte
}

// Delivery is a request that the webhook received.
type Delivery struct {
	Key, Method, Path, Query string
	Headers                  []Field
	Body                     []byte
	ReceivedAt               float64
	Latency                  *float64
}

// Event is what a run sends to a target, with POST.
type Event struct {
	Target    string
	Key       *string
	Path      string
	Headers   []Field
	Body      []byte
	TimeoutMs *uint32
}

// Request is any other request to a target.
type Request struct {
	Target, Method, Path string
	Headers              []Field
	Body                 []byte
	TimeoutMs            *uint32
}

// Receipt is an answer of a target, whatever its status.
type Receipt struct {
	Status  uint16
	Headers []Field
	Body    []byte
	Latency float64
}

// Answer is one of several: a receipt, or the reason why there is none.
type Answer struct {
	Receipt Receipt
	Err     *Error
}

// Error is one of the contract's errors: which of them, and what it says. Not a Go error: package orbital makes one
// of it.
type Error struct {
	Reason Reason
	Text   string
	Number uint32
}
