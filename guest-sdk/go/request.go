package orbital

import (
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Request is a request to a target that is not an event, such as one that reads or prepares data.
type Request struct {
	// Method is the HTTP method. The default is GET.
	Method string
	// Target is the name of the target. The host's configuration must define it.
	Target string
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
