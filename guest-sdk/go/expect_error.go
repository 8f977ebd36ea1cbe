package orbital

import "github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"

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

func expectError(given *contract.Error) error {
	if given == nil {
		return nil
	}
	return &ExpectError{Reason: reason(given), Text: given.Text}
}
