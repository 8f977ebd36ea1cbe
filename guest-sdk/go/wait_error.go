package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

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

func waitError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &WaitError{Reason: reason(given), Text: given.Text, Dropped: int(given.Number)}
}
