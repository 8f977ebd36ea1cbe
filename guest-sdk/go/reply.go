package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Reply is the webhook's response to one delivery, to test how the system under test handles it:
// orbital.Reply{Status: 503, Headers: orbital.Headers{"retry-after": {"1"}}}.
type Reply struct {
	// Status is the HTTP status, 200 to 599.
	Status int
	// Delay is how long the webhook waits before it responds, at most one minute.
	Delay time.Duration
	// Headers are the headers of the response.
	Headers Headers
	// JSON is a value that is sent as JSON. Sets the header content-type unless it is in Headers.
	JSON any
	// Body is the body of the response, at most 64 KiB. Set Body or JSON, not both.
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
