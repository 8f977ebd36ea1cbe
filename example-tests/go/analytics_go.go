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

// An event sent with Segment's own library, unchanged, as customers do.
func analyticsGo(t *orbital.T) {
	id := t.NewID()
	// The library sends the event and does not know about keys, so the test expects the key itself.
	t.NoError(t.Expect(id))

	// Sends to the target, whatever URLs the library uses.
	transport := orbitalhttp.Transport{T: t, Target: "segment"}
	client, err := analytics.NewWithConfig("orbital", analytics.Config{Transport: transport})
	t.NoError(err)
	t.NoError(client.Enqueue(analytics.Track{MessageId: id, UserId: "ada", Event: "Signed Up"}))
	// Send everything before waiting: a wait blocks the whole test, including the library's goroutines.
	t.NoError(client.Close())

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var event string
	t.NoError(delivery.Pointer("/event", &event))
	t.CheckEq(event, "Signed Up")
}
