package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitalhttp"
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

	// By the target, wherever the library's URLs lead.
	transport := orbitalhttp.Transport{T: t, Target: "segment"}
	client, err := analytics.NewWithConfig("orbital", analytics.Config{Transport: transport})
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
