package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

const (
	// Longer than the pipeline waits for a response (--attempt-timeout).
	hang = 3 * time.Second
	// Time limit for a retry: the pipeline first gives up the previous attempt, and pauses.
	retryLag = 2 * time.Second
	// How long to wait for an unexpected further attempt.
	retryWatch = 500 * time.Millisecond
)

func init() {
	orbital.Case("retries-delivery", orbital.Every(5*time.Second), retriesDelivery, orbital.Timeout(10*time.Second))
}

// A failed delivery is retried until it is accepted.
func retriesDelivery(t *orbital.T) {
	id := t.NewID()
	// Plan the replies before sending the event, so that they apply to the first delivery.
	t.NoError(t.Expect(id, orbital.Reply{Status: 500}, orbital.Reply{Status: 200, Delay: hang}, orbital.Reply{Status: 200}))
	_, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: user{ID: id, Email: "ada@example.com"}})
	t.NoError(err)

	first, err := t.WaitFor(id)
	t.NoError(err)
	for _, failure := range []string{"answered with 500", "left without an answer"} {
		again, err := t.WaitForWithin(id, retryLag)
		if err != nil {
			t.Fatalf("a delivery that was %s is not tried again: %v", failure, err)
		}
		var got, want any
		t.NoError(again.JSON(&got))
		t.NoError(first.JSON(&want))
		t.CheckEq(got, want)
	}
	t.NoError(t.NoDeliveryWithin(id, retryWatch))
}
