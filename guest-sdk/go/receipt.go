package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Receipt is a target's answer, whatever its status.
type Receipt struct {
	// Status is 100 to 999.
	Status int
	// Headers have names in lower case.
	Headers Headers
	// Body is at most what the host's configuration allows (1 MiB by default).
	Body []byte
	// Latency is from the start of the request to the last byte of the answer.
	Latency time.Duration
}

// Success is an error, a *StatusError, unless the status is 200 to 299.
func (r Receipt) Success() error {
	if r.Status >= 200 && r.Status < 300 {
		return nil
	}
	return &StatusError{Receipt: r}
}

// JSON reads the body as JSON into what the argument points to, as json.Unmarshal does. The error is a *BodyError.
func (r Receipt) JSON(into any) error { return readJSON(r.Body, into) }

// Pointer reads the value at a JSON pointer such as /user/email into what the argument points to. The error is a
// *BodyError.
func (r Receipt) Pointer(pointer string, into any) error { return readPointer(r.Body, pointer, into) }

// Text is the body as text; what is not UTF-8 in it is replaced.
func (r Receipt) Text() string { return text(r.Body) }

// Header is the first value of a header, by its name in any case; an empty text if there is none.
func (r Receipt) Header(name string) string { return r.Headers.Get(name) }

// StatusError is an answer whose status is not 200 to 299.
type StatusError struct {
	// Receipt is the answer.
	Receipt Receipt
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the target answered %d with %s", e.Receipt.Status, beginning(e.Receipt.Body))
}

// Answer is what came of one of several events: a receipt, or the reason why there is none.
type Answer struct {
	Receipt Receipt
	Err     error
}

func receipt(given contract.Receipt) Receipt {
	return Receipt{
		Status:  int(given.Status),
		Headers: headers(given.Headers),
		Body:    given.Body,
		Latency: seconds(given.Latency),
	}
}
