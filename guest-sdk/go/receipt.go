package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Receipt is a target's response, with any status.
type Receipt struct {
	// Status is the HTTP status, 100 to 999.
	Status int
	// Headers are the headers, with names in lower case.
	Headers Headers
	// Body is the body. The host's configuration limits its size (1 MiB by default).
	Body []byte
	// Latency is the time from the start of the request to the last byte of the response.
	Latency time.Duration
}

// Success returns nil if the status is 200 to 299, and a *StatusError otherwise.
func (r Receipt) Success() error {
	if r.Status >= 200 && r.Status < 300 {
		return nil
	}
	return &StatusError{Receipt: r}
}

// JSON parses the body as JSON, in UTF-8 or UTF-16, with or without a byte order mark, and stores the result in the value
// that into points to, like json.Unmarshal. The error is a *BodyError.
func (r Receipt) JSON(into any) error { return readJSON(r.Body, into) }

// Pointer parses the value at a JSON pointer such as /user/email, and stores the result in the value that into points to.
// The error is a *BodyError.
func (r Receipt) Pointer(pointer string, into any) error { return readPointer(r.Body, pointer, into) }

// Text returns the body as text. Invalid UTF-8 is replaced.
func (r Receipt) Text() string { return text(r.Body) }

// Header returns the first value of a header, or an empty string. The case of the name does not matter.
func (r Receipt) Header(name string) string { return r.Headers.Get(name) }

// StatusError is the error for a response whose status is not 200 to 299.
type StatusError struct {
	// Receipt is the response.
	Receipt Receipt
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the target answered %d with %s", e.Receipt.Status, beginning(e.Receipt.Body))
}

// Answer is the result of one event of [T.SendEvents]: a response or an error.
type Answer struct {
	// Receipt is the response, if Err is nil.
	Receipt Receipt
	// Err is a *SendError if there is no response.
	Err error
}

func receipt(given contract.Receipt) Receipt {
	return Receipt{
		Status:  int(given.Status),
		Headers: headers(given.Headers),
		Body:    given.Body,
		Latency: seconds(given.Latency),
	}
}
