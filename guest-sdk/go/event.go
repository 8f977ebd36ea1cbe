package orbital

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Event is an event. A case sends it to a target, with POST, and the system under test delivers it to the webhook.
type Event struct {
	// Target is the name of the target. The host's configuration must define it.
	Target string
	// Key is the key that the delivery will have, if the test chooses the key. The host expects the key before it sends
	// the event, so even the fastest delivery is not lost.
	Key string
	// Path is appended to the target's URL: empty, or starting with /. It may include a query.
	Path string
	// Headers are the headers. They override the target's default headers.
	Headers Headers
	// JSON is a value that is sent as JSON. Sets the header content-type unless it is in Headers.
	JSON any
	// Body is the body. Set Body or JSON, not both.
	Body []byte
	// Timeout is the timeout for the request and its response, rounded up to whole milliseconds. The default is the
	// target's own timeout.
	Timeout time.Duration
}

func (e Event) contract() (contract.Event, error) {
	body, headers, err := content(e.Body, e.JSON, e.Headers)
	if err != nil {
		return contract.Event{}, err
	}
	event := contract.Event{Target: e.Target, Path: e.Path, Headers: headers, Body: body, TimeoutMs: limit(e.Timeout)}
	if e.Key != "" {
		event.Key = &e.Key
	}
	return event, nil
}

// limit returns a timeout in milliseconds, or nil if there is none.
func limit(timeout time.Duration) *uint32 {
	if timeout == 0 {
		return nil
	}
	whole := milliseconds(timeout)
	return &whole
}

// content returns body and headers as they are sent.
func content(body []byte, value any, headers Headers) ([]byte, []contract.Field, error) {
	if value == nil {
		return body, headers.fields(), nil
	}
	if body != nil {
		return nil, nil, &SendError{Reason: ErrInvalidRequest, Text: "both Body and JSON are set; remove one"}
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, nil, &SendError{Reason: ErrInvalidRequest, Text: fmt.Sprintf("the body cannot be JSON: %v", err)}
	}
	if headers.Values("content-type") == nil {
		if headers = maps.Clone(headers); headers == nil {
			headers = Headers{}
		}
		headers["content-type"] = []string{"application/json"}
	}
	return body, headers.fields(), nil
}
