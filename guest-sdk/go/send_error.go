package orbital

import (
	"errors"
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// What errors.Is finds in a SendError, besides ErrTaken and ErrTimeout.
var (
	// ErrUnknownTarget: no target of this name is configured.
	ErrUnknownTarget = errors.New("unknown target")
	// ErrInvalidRequest: the path, a header, the method or the body is outside its limits.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrUnreachable: the connection was refused, reset or could not be made.
	ErrUnreachable = errors.New("unreachable")
	// ErrTooLarge: the answer's body is larger than allowed.
	ErrTooLarge = errors.New("too large")
)

// SendError is why there is no answer. An answer of any status is none.
type SendError struct {
	// Reason is ErrUnknownTarget, ErrInvalidRequest, ErrTaken, ErrUnreachable, ErrTimeout or ErrTooLarge.
	Reason error
	// Text says which targets there are, what is outside its limits, or why there was no connection.
	Text string
	// Allowed is how many bytes an answer may have.
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

// Unwrap is the reason, for errors.Is.
func (e *SendError) Unwrap() error { return e.Reason }

func sendError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &SendError{Reason: reason(given), Text: given.Text, Allowed: int(given.Number)}
}
