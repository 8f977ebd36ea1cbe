package orbital

import "github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"

// ExpectError is the reason why a key cannot be expected.
type ExpectError struct {
	// Reason is ErrTaken, ErrInvalidKey or ErrInvalidReply.
	Reason error
	// Text says why the key or the reply is invalid.
	Text string
}

func (e *ExpectError) Error() string {
	switch e.Reason {
	case ErrTaken:
		return "another run expects this key"
	case ErrInvalidKey:
		return "invalid key: " + e.Text
	default:
		return "invalid reply: " + e.Text
	}
}

// Unwrap returns the reason, for errors.Is.
func (e *ExpectError) Unwrap() error { return e.Reason }

func expectError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &ExpectError{Reason: reason(given), Text: given.Text}
}
