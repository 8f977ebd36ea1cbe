package orbital

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Event is what a case sends to a target, with POST, for the system under test to deliver to the webhook.
type Event struct {
	// Target is the name of a target, which the host's configuration must have.
	Target string
	// Key is the key that the delivery will have, if the test chooses it. The host expects it before it sends the event,
	// so that no delivery can come too early.
	Key string
	// Path is appended to the path of the target's URL: empty, or starting with /. It may have a query.
	Path string
	// Headers win over the target's own.
	Headers Headers
	// JSON is a value that is sent as JSON, with content-type unless that is among the headers.
	JSON any
	// Body is sent as it is. Set this or JSON.
	Body []byte
	// Timeout bounds the whole exchange; without it, the target's own setting does. Counted in whole milliseconds,
	// rounded up.
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

// limit is a timeout that may be left out.
func limit(timeout time.Duration) *uint32 {
	if timeout == 0 {
		return nil
	}
	whole := milliseconds(timeout)
	return &whole
}

// content is a body and headers as they are sent.
func content(body []byte, value any, headers Headers) ([]byte, []contract.Field, error) {
	if value == nil {
		return body, headers.fields(), nil
	}
	if body != nil {
		return nil, nil, &SendError{Reason: ErrInvalidRequest, Text: "it has both a Body and JSON; set one of them"}
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
