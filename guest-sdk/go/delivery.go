package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Delivery is a request that the webhook received for this run.
type Delivery struct {
	// Key tied it to this run.
	Key string
	// Method is in capitals.
	Method string
	// Path is as it was sent.
	Path string
	// Query is what came after the first ? of the URL; empty if nothing did.
	Query string
	// Headers have names in lower case.
	Headers Headers
	// Body is at most what the host's configuration allows (1 MiB by default).
	Body []byte
	// ReceivedAt is when its last byte had come, by the host's clock.
	ReceivedAt time.Time
	// Latency is from the sending of the event to the receipt of this delivery. It is zero if HasLatency is not set.
	Latency time.Duration
	// HasLatency says whether the host can tell which event this delivery belongs to.
	HasLatency bool
}

// JSON reads the body as JSON into what the argument points to, as json.Unmarshal does. The body may be UTF-8 or UTF-16,
// with or without a byte order mark. The error is a *BodyError.
func (d Delivery) JSON(into any) error { return readJSON(d.Body, into) }

// Pointer reads the value at a JSON pointer such as /user/email into what the argument points to. The error is a
// *BodyError.
func (d Delivery) Pointer(pointer string, into any) error { return readPointer(d.Body, pointer, into) }

// Text is the body as text; what is not UTF-8 in it is replaced.
func (d Delivery) Text() string { return text(d.Body) }

// Header is the first value of a header, by its name in any case; an empty text if there is none.
func (d Delivery) Header(name string) string { return d.Headers.Get(name) }

// String is the request line and the beginning of the body: enough to recognise it by.
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
