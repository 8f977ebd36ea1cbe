package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// WaitError is the reason why waiting returned no delivery.
type WaitError struct {
	// Reason is ErrTimeout, ErrTaken, ErrInvalidKey, ErrNothingToWaitFor or ErrOverflow.
	Reason error
	// Text says why the key is invalid.
	Text string
	// Dropped is the number of dropped deliveries.
	Dropped int
}

func (e *WaitError) Error() string {
	switch e.Reason {
	case ErrTimeout:
		return "timed out waiting for a delivery"
	case ErrTaken:
		return "another run expects this key"
	case ErrInvalidKey:
		return "invalid key: " + e.Text
	case ErrNothingToWaitFor:
		return "there is nothing to wait for: no key, or zero deliveries"
	default:
		return fmt.Sprintf("%d deliveries were dropped: the key's queue was full", e.Dropped)
	}
}

// Unwrap returns the reason, for errors.Is.
func (e *WaitError) Unwrap() error { return e.Reason }

func waitError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &WaitError{Reason: reason(given), Text: given.Text, Dropped: int(given.Number)}
}
