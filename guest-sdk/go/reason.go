package orbital

import (
	"errors"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// The reasons that errors.Is finds in the errors of this package.
var (
	// ErrTimeout says that the time given ran out. Of a wait, what came in that time stays in the queue; of a request,
	// whether the target took it is not known.
	ErrTimeout = errors.New("timeout")
	// ErrTaken says that another run expects this key.
	ErrTaken = errors.New("taken")
	// ErrInvalidKey says that the key is empty, longer than 256 bytes, or has control characters.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidReply says that a planned reply is outside its limits.
	ErrInvalidReply = errors.New("invalid reply")
	// ErrNothingToWaitFor says that zero deliveries were waited for, or no key.
	ErrNothingToWaitFor = errors.New("nothing to wait for")
	// ErrOverflow says that deliveries were dropped because the queue of a key was full. It is reported once, when all
	// that was kept has been taken.
	ErrOverflow = errors.New("overflow")

	// ErrUnknownTarget says that no target of this name is configured.
	ErrUnknownTarget = errors.New("unknown target")
	// ErrInvalidRequest says that the path, a header, the method or the body is outside its limits.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrUnreachable says that the connection was refused, reset or could not be made.
	ErrUnreachable = errors.New("unreachable")
	// ErrTooLarge says that the answer's body is larger than allowed.
	ErrTooLarge = errors.New("too large")

	// ErrInvalidName says that a metric's name is not a letter followed by letters, digits and _, is longer than 100
	// bytes, or ends in _bucket, _sum or _count.
	ErrInvalidName = errors.New("invalid name")
	// ErrInvalidLabel says that a metric's label is outside its limits.
	ErrInvalidLabel = errors.New("invalid label")
	// ErrInvalidValue says that a metric's value is not a number, or a counter would go down.
	ErrInvalidValue = errors.New("invalid value")
	// ErrOtherKind says that the name stands for a metric of another kind.
	ErrOtherKind = errors.New("other kind")
	// ErrTooManySeries says that the component has as many series as it may.
	ErrTooManySeries = errors.New("too many series")
)

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
