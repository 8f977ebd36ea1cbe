package orbital

import (
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Request is a request to a target that is not an event: to prepare something, or to look something up.
type Request struct {
	// Method is the method; GET if it is empty.
	Method string
	// Target is the name of a target, which the host's configuration must have.
	Target string
	// Path is as in Event.
	Path string
	// Headers are as in Event.
	Headers Headers
	// JSON is as in Event.
	JSON any
	// Body is as in Event.
	Body []byte
	// Timeout is as in Event.
	Timeout time.Duration
}

func (r Request) contract() (contract.Request, error) {
	body, headers, err := content(r.Body, r.JSON, r.Headers)
	if err != nil {
		return contract.Request{}, err
	}
	method := r.Method
	if method == "" {
		method = "GET"
	}
	return contract.Request{
		Target:    r.Target,
		Method:    method,
		Path:      r.Path,
		Headers:   headers,
		Body:      body,
		TimeoutMs: limit(r.Timeout),
	}, nil
}
