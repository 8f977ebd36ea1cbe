package orbital

import (
	"errors"
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// What errors.Is finds in the errors of this package.
var (
	// ErrTimeout: the time given ran out. Of a wait, what came in that time stays in the queue; of a request,
	// whether the target took it is not known.
	ErrTimeout = errors.New("timeout")
	// ErrTaken: another run expects this key.
	ErrTaken = errors.New("taken")
	// ErrInvalidKey: the key is empty, longer than 256 bytes, or has control characters.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidReply: a planned reply is outside its limits.
	ErrInvalidReply = errors.New("invalid reply")
	// ErrNothingToWaitFor: zero deliveries of no key.
	ErrNothingToWaitFor = errors.New("nothing to wait for")
	// ErrOverflow: deliveries were dropped because the queue of a key was full. Reported once, when all that was kept
	// has been taken.
	ErrOverflow = errors.New("overflow")
)

// ExpectError is why a key cannot be expected.
type ExpectError struct {
	// Reason is ErrTaken, ErrInvalidKey or ErrInvalidReply.
	Reason error
	// Text says what is wrong with the key or the reply.
	Text string
}

func (e *ExpectError) Error() string {
	switch e.Reason {
	case ErrTaken:
		return "another run expects this key"
	case ErrInvalidKey:
		return "the key cannot be one: " + e.Text
	default:
		return "the reply cannot be one: " + e.Text
	}
}

// Unwrap is the reason, for errors.Is.
func (e *ExpectError) Unwrap() error { return e.Reason }

// WaitError is why there is no delivery.
type WaitError struct {
	// Reason is ErrTimeout, ErrTaken, ErrInvalidKey, ErrNothingToWaitFor or ErrOverflow.
	Reason error
	// Text says what is wrong with the key.
	Text string
	// Dropped is how many deliveries were dropped.
	Dropped int
}

func (e *WaitError) Error() string {
	switch e.Reason {
	case ErrTimeout:
		return "what was waited for was not delivered in time"
	case ErrTaken:
		return "another run expects this key"
	case ErrInvalidKey:
		return "the key cannot be one: " + e.Text
	case ErrNothingToWaitFor:
		return "there is nothing to wait for: no key, or zero deliveries"
	default:
		return fmt.Sprintf("%d deliveries were dropped: the key's queue was full", e.Dropped)
	}
}

// Unwrap is the reason, for errors.Is.
func (e *WaitError) Unwrap() error { return e.Reason }

func expectError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &ExpectError{Reason: reason(given), Text: given.Text}
}

func waitError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &WaitError{Reason: reason(given), Text: given.Text, Dropped: int(given.Number)}
}

// reason is the error that errors.Is finds.
func reason(given *contract.Error) error { return reasons[given.Reason] }

var reasons = map[contract.Reason]error{
	contract.Timeout:          ErrTimeout,
	contract.Taken:            ErrTaken,
	contract.InvalidKey:       ErrInvalidKey,
	contract.InvalidReply:     ErrInvalidReply,
	contract.NothingToWaitFor: ErrNothingToWaitFor,
	contract.Overflow:         ErrOverflow,
	contract.UnknownTarget:    ErrUnknownTarget,
	contract.InvalidRequest:   ErrInvalidRequest,
	contract.Unreachable:      ErrUnreachable,
	contract.TooLarge:         ErrTooLarge,
	contract.InvalidName:      ErrInvalidName,
	contract.InvalidLabel:     ErrInvalidLabel,
	contract.InvalidValue:     ErrInvalidValue,
	contract.OtherKind:        ErrOtherKind,
	contract.TooManySeries:    ErrTooManySeries,
}
