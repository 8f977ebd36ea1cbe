package orbital

import (
	"errors"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Reasons of the errors of this package, for errors.Is.
var (
	// ErrTimeout means that the timeout expired. After a wait, deliveries received until then stay in the queue. After a
	// request, the target may or may not have processed it.
	ErrTimeout = errors.New("timeout")
	// ErrTaken means that another run expects this key.
	ErrTaken = errors.New("taken")
	// ErrInvalidKey means that the key is empty, longer than 256 bytes, or contains control characters.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidReply means that a reply is invalid.
	ErrInvalidReply = errors.New("invalid reply")
	// ErrNothingToWaitFor means that the number of deliveries is zero, or no key was given.
	ErrNothingToWaitFor = errors.New("nothing to wait for")
	// ErrOverflow means that deliveries were dropped because the queue of a key was full. It is reported once, after all
	// queued deliveries have been returned.
	ErrOverflow = errors.New("overflow")

	// ErrUnknownTarget means that the host's configuration has no target with this name.
	ErrUnknownTarget = errors.New("unknown target")
	// ErrInvalidRequest means that the path, a header, the method or the body is invalid or not granted to the component.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrUnreachable means that the connection failed, for example because it was refused or reset.
	ErrUnreachable = errors.New("unreachable")
	// ErrTooLarge means that the body of the response is larger than the limit.
	ErrTooLarge = errors.New("too large")

	// ErrInvalidName means that the name of a metric is longer than 100 bytes, is not a letter followed by letters, digits
	// and _, or ends in _bucket, _sum or _count, which are reserved for histograms.
	ErrInvalidName = errors.New("invalid name")
	// ErrInvalidLabel means that a label of a metric is invalid.
	ErrInvalidLabel = errors.New("invalid label")
	// ErrInvalidValue means that the value of a metric is not a number, or would make a counter decrease or become
	// infinite.
	ErrInvalidValue = errors.New("invalid value")
	// ErrOtherKind means that a metric with this name has another type.
	ErrOtherKind = errors.New("other kind")
	// ErrTooManySeries means that the component has reached its limit of series.
	ErrTooManySeries = errors.New("too many series")
)

// reason returns the error for errors.Is.
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
