package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Reply is what the webhook answers to one delivery, to see how the system under test takes it:
// orbital.Reply{Status: 503, Headers: orbital.Headers{"retry-after": {"1"}}}.
type Reply struct {
	// Status is 200 to 599.
	Status int
	// Delay is how long the webhook waits before it answers; at most a minute.
	Delay time.Duration
	// Headers are headers of the answer.
	Headers Headers
	// JSON is as in Event.
	JSON any
	// Body is the answer's body, at most 64 KiB. Set this or JSON.
	Body []byte
}

func (r Reply) contract() (contract.Reply, error) {
	body, headers, err := content(r.Body, r.JSON, r.Headers)
	if err != nil {
		return contract.Reply{}, &ExpectError{Reason: ErrInvalidReply, Text: err.(*SendError).Text}
	}
	if r.Status < 0 || r.Status > 599 {
		return contract.Reply{}, &ExpectError{Reason: ErrInvalidReply, Text: fmt.Sprintf("the status %d is not 200 to 599", r.Status)}
	}
	return contract.Reply{Status: uint16(r.Status), DelayMs: milliseconds(r.Delay), Headers: headers, Body: body}, nil
}
