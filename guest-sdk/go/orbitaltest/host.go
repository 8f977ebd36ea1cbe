// Package orbitaltest runs cases in an ordinary go test, against a host that is played:
//
//	func TestSmokeSeesWhatIsNotProcessed(t *testing.T) {
//		api := func(sent orbitaltest.Sent) orbitaltest.Answer {
//			return orbitaltest.Answer{
//				Status:     202,
//				Deliveries: []orbitaltest.Delivery{{Path: "/hooks/crm", JSON: map[string]any{"processed": false}}},
//			}
//		}
//		run := orbitaltest.Host{Targets: orbitaltest.Targets{"api": api}}.Run("smoke")
//		if run.Outcome != orbitaltest.Fail {
//			t.Error(run)
//		}
//	}
//
// The run has a clock of its own, which only its waits and sleeps move: a case that waits for a minute takes no time.
package orbitaltest

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// defaultTimeout is that of cases that declare none, as in the host's default configuration.
const defaultTimeout = 10 * time.Second

// Host plays the host, and the system under test behind it.
type Host struct {
	// Targets are the endpoints of the system under test.
	Targets Targets
	// Config is what the operator set for the component.
	Config map[string]string
	// Environment is the operator's name for where the host runs.
	Environment string
	// Attempt is which attempt of the run this is; 1 if it is zero.
	Attempt int
}

// Targets are endpoints of the system under test, by name.
type Targets map[string]func(Sent) Answer

// Sent is an event or another request that a case sent.
type Sent struct {
	Method  string
	Target  string
	Path    string
	Key     string
	Headers orbital.Headers
	Body    []byte
	// At is when it was sent, from the start of the attempt.
	At time.Duration
}

// Answer is what a target does with what was sent.
type Answer struct {
	// Status is 200 if it is zero.
	Status  int
	Headers orbital.Headers
	// JSON is sent as JSON, unless it is nil. Set this or Body.
	JSON any
	Body []byte
	// Took is how long the case waits for the answer.
	Took time.Duration
	// Err makes it no answer: a *orbital.SendError, or any other for orbital.ErrUnreachable.
	Err error
	// Deliveries are what the system under test delivers then.
	Deliveries []Delivery
}

// Delivery is a request to the webhook.
type Delivery struct {
	// After is how long after the request was sent it comes, or after the delivery that OnReply answered.
	After time.Duration
	// Key is the key of what was sent, if it is empty.
	Key string
	// Method is POST if it is empty.
	Method  string
	Path    string
	Query   string
	Headers orbital.Headers
	// JSON is sent as JSON, unless it is nil. Set this or Body.
	JSON any
	Body []byte
	// OnReply is told what the webhook answered, and may deliver again.
	OnReply func(orbital.Reply) []Delivery
}

// Run runs a case that was registered, once.
func (h Host) Run(name string) Run {
	found, err := suite.Find(name)
	if err != nil {
		return Run{Case: name, Outcome: Error, Reasons: []string{err.Error()}}
	}
	timeout := defaultTimeout
	if found.TimeoutMs != nil {
		timeout = time.Duration(*found.TimeoutMs) * time.Millisecond
	}
	played := &played{host: h, run: Run{Case: name, Outcome: Pass}, timeout: timeout, queues: map[string][]*queued{}, replies: map[string][]orbital.Reply{}}
	found.Run(played)
	played.run.Duration = played.now
	return played.run
}
