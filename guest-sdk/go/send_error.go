package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// SendError is the reason why there is no response. A response with an error status is not a SendError.
type SendError struct {
	// Reason is ErrUnknownTarget, ErrInvalidRequest, ErrTaken, ErrUnreachable, ErrTimeout or ErrTooLarge.
	Reason error
	// Text says which targets are configured, what is invalid, or why the connection failed.
	Text string
	// Allowed is the maximum size of a response, in bytes.
	Allowed int
}

func (e *SendError) Error() string {
	switch e.Reason {
	case ErrUnknownTarget:
		return "unknown target: " + e.Text
	case ErrInvalidRequest:
		return "the request cannot be sent: " + e.Text
	case ErrTaken:
		return "another run expects the event's key; nothing was sent"
	case ErrUnreachable:
		return "the target did not answer: " + e.Text
	case ErrTimeout:
		return "the target did not answer in time"
	default:
		return fmt.Sprintf("the target's answer is larger than %d bytes", e.Allowed)
	}
}

// Unwrap returns the reason, for errors.Is.
func (e *SendError) Unwrap() error { return e.Reason }

func sendError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &SendError{Reason: reason(given), Text: given.Text, Allowed: int(given.Number)}
}
