// Package orbitalhttp provides a transport for clients based on net/http. A component has no sockets, so http.Get,
// http.DefaultClient and other clients without this transport fail to connect.
//
//	client := orbitalhttp.Client(t, "api")
//	answer, err := client.Get("http://api/users/7")
//
// It is a separate package because net/http makes a component several megabytes larger.
package orbitalhttp

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// Transport is an http.RoundTripper that sends requests to a target, which is an endpoint in the host's configuration.
//
// Only the path and the query of a request's URL are used. They are appended to the target's URL, which the operator
// configures. The body is sent as a whole, and the response is read completely before RoundTrip returns. The deadline of
// the request's context is the timeout. Cancelling the context has no effect, because a call of the host blocks all
// goroutines.
type Transport struct {
	// T is the current run.
	T *orbital.T
	// Target is the name of the target.
	Target string
}

var _ http.RoundTripper = Transport{}

// Client returns a client that sends all requests to one target. It follows redirects within that target; set its
// CheckRedirect to change that.
func Client(t *orbital.T, target string) *http.Client {
	return &http.Client{Transport: Transport{T: t, Target: target}}
}

// RoundTrip sends a request and waits for the response. The error is that of [orbital.T.Request], or of reading the body.
func (transport Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := read(request.Body)
	if err != nil {
		return nil, fmt.Errorf("orbitalhttp: read the body: %w", err)
	}
	timeout, err := timeLeft(request)
	if err != nil {
		return nil, err
	}
	receipt, err := transport.T.Request(orbital.Request{
		Target:  transport.Target,
		Method:  request.Method,
		Path:    request.URL.RequestURI(),
		Headers: headers(request),
		Body:    body,
		Timeout: timeout,
	})
	if err != nil {
		return nil, err
	}
	return response(receipt, request), nil
}

// read reads and closes a body, which may be nil.
func read(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	content, err := io.ReadAll(body)
	if closing := body.Close(); err == nil {
		err = closing
	}
	return content, err
}

// timeLeft returns the time until the deadline of the request's context, or zero if there is no deadline.
func timeLeft(request *http.Request) (time.Duration, error) {
	if err := request.Context().Err(); err != nil {
		return 0, err
	}
	deadline, isSet := request.Context().Deadline()
	if !isSet {
		return 0, nil
	}
	return max(time.Until(deadline), time.Millisecond), nil
}

// own are the headers that the host sets itself.
var own = []string{"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func headers(request *http.Request) orbital.Headers {
	sent := request.Header.Clone()
	for _, name := range own {
		sent.Del(name)
	}
	return orbital.Headers(sent)
}

func response(receipt orbital.Receipt, request *http.Request) *http.Response {
	headers := http.Header{}
	for name, values := range receipt.Headers {
		for _, value := range values {
			headers.Add(name, value)
		}
	}
	return &http.Response{
		Status:        strings.TrimSpace(fmt.Sprintf("%03d %s", receipt.Status, http.StatusText(receipt.Status))),
		StatusCode:    receipt.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        headers,
		Body:          io.NopCloser(bytes.NewReader(receipt.Body)),
		ContentLength: int64(len(receipt.Body)),
		Request:       request,
	}
}
