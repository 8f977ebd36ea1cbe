package main

import (
	"bytes"
	"io"
	"net/http"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/segmentio/analytics-go/v3"
)

func init() {
	orbital.Case("analytics-go", orbital.Every(5*time.Second), analyticsGo, orbital.Timeout(5*time.Second))
}

// What a customer does who uses Segment's own library, unchanged.
func analyticsGo(t *orbital.T) {
	id := t.NewID()
	// The library sends the event and knows nothing of keys, so the key is expected here.
	t.NoError(t.Expect(id))

	client, err := analytics.NewWithConfig("orbital", analytics.Config{Transport: targetTransport{t, "segment"}})
	t.NoError(err)
	t.NoError(client.Enqueue(analytics.Track{MessageId: id, UserId: "ada", Event: "Signed Up"}))
	// All is sent before the wait begins: waiting blocks the test, and with it the library's goroutines.
	t.NoError(client.Close())

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var event string
	t.NoError(delivery.Pointer("/event", &event))
	t.CheckEq(event, "Signed Up")
}

// targetTransport is how an http.Client gets out of a component: by a target, wherever its URLs lead.
type targetTransport struct {
	t      *orbital.T
	target string
}

func (transport targetTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	headers := request.Header.Clone()
	headers.Del("Content-Length") // The host sets it.
	receipt, err := transport.t.Request(orbital.Request{
		Method: request.Method, Target: transport.target, Path: request.URL.RequestURI(),
		Headers: orbital.Headers(headers), Body: body,
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: receipt.Status, Status: http.StatusText(receipt.Status), Request: request,
		Body: io.NopCloser(bytes.NewReader(receipt.Body)),
	}, nil
}
