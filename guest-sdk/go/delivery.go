package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Delivery is a request that the webhook received for this run.
type Delivery struct {
	// Key is the key that assigned the delivery to this run.
	Key string
	// Method is the HTTP method, in upper case.
	Method string
	// Path is the path, exactly as it was sent.
	Path string
	// Query is the query string: the part of the URL after the first ?, or empty.
	Query string
	// Headers are the headers, with names in lower case.
	Headers Headers
	// Body is the body. The host's configuration limits its size (1 MiB by default).
	Body []byte
	// ReceivedAt is the time when the last byte was received, by the host's clock.
	ReceivedAt time.Time
	// Latency is the time from sending the event to receiving this delivery. It is zero if HasLatency is false.
	Latency time.Duration
	// HasLatency is whether the host can tell which event this delivery belongs to.
	HasLatency bool
}

// JSON parses the body as JSON, in UTF-8 or UTF-16, with or without a byte order mark, and stores the result in the value
// that into points to, like json.Unmarshal. The error is a *BodyError.
func (d Delivery) JSON(into any) error { return readJSON(d.Body, into) }

// Pointer parses the value at a JSON pointer such as /user/email, and stores the result in the value that into points to.
// The error is a *BodyError.
func (d Delivery) Pointer(pointer string, into any) error { return readPointer(d.Body, pointer, into) }

// Text returns the body as text. Invalid UTF-8 is replaced.
func (d Delivery) Text() string { return text(d.Body) }

// Header returns the first value of a header, or an empty string. The case of the name does not matter.
func (d Delivery) Header(name string) string { return d.Headers.Get(name) }

// String returns the request line and the start of the body.
func (d Delivery) String() string {
	mark := ""
	if d.Query != "" {
		mark = "?"
	}
	return fmt.Sprintf("%s %s%s%s with %s", d.Method, d.Path, mark, d.Query, beginning(d.Body))
}

func delivery(taken contract.Delivery) Delivery {
	delivery := Delivery{
		Key:        taken.Key,
		Method:     taken.Method,
		Path:       taken.Path,
		Query:      taken.Query,
		Headers:    headers(taken.Headers),
		Body:       taken.Body,
		ReceivedAt: moment(taken.ReceivedAt),
	}
	if taken.Latency != nil {
		delivery.Latency, delivery.HasLatency = seconds(*taken.Latency), true
	}
	return delivery
}
