// Package orbitaltest runs cases in an ordinary go test, with a fake host and a fake system under test:
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
// The run has its own clock. It advances only when the case waits or sleeps, and then immediately.
package orbitaltest

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// defaultTimeout is the timeout of cases that set none, as in the host's default configuration.
const defaultTimeout = 10 * time.Second

// Host is a fake host with a fake system under test.
type Host struct {
	// Targets are the endpoints of the system under test.
	Targets Targets
	// Config has the values that the operator would set for the component.
	Config map[string]string
	// Environment is the name of the environment that the host runs in.
	Environment string
	// Attempt is the number of the attempt. The default is 1.
	Attempt int
}

// Targets are endpoints of the system under test, by name.
type Targets map[string]func(Sent) Answer

// Sent is an event or another request that a case sent.
type Sent struct {
	// Method is the HTTP method; POST for an event.
	Method string
	// Target is the name of the target.
	Target string
	// Path is the path that is appended to the target's URL.
	Path string
	// Key is the key of an event. Empty if the test did not choose one.
	Key     string
	Headers orbital.Headers
	Body    []byte
	// At is the time from the start of the attempt until the request was sent.
	At time.Duration
}

// Answer is a target's response, with the deliveries that follow it.
type Answer struct {
	// Status is the HTTP status. The default is 200.
	Status  int
	Headers orbital.Headers
	// JSON is a value that is sent as JSON. Set JSON or Body, not both.
	JSON any
	Body []byte
	// Took is how long the case waits for the response.
	Took time.Duration
	// Err is the reason why there is no response: a *orbital.SendError, or another error for orbital.ErrUnreachable.
	Err error
	// Deliveries are the deliveries that follow.
	Deliveries []Delivery
}

// Delivery is a delivery: a request to the webhook.
type Delivery struct {
	// After is the delay after the request was sent, or after the delivery whose OnReply returned this one.
	After time.Duration
	// Key is the key. The default is the key of the event.
	Key string
	// Method is the HTTP method. The default is POST.
	Method  string
	Path    string
	Query   string
	Headers orbital.Headers
	// JSON is a value that is sent as JSON. Set JSON or Body, not both.
	JSON any
	Body []byte
	// OnReply is called with the webhook's response, and returns further deliveries, such as a redelivery after a 503.
	OnReply func(orbital.Reply) []Delivery
}

// Run runs one attempt of a registered case, and returns the result.
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
