package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

const (
	// Longer than the pipeline waits for an answer (--attempt-timeout).
	hang = 3 * time.Second
	// How late a further attempt may be: the pipeline has to give up the last one, and to pause.
	retryLag = 2 * time.Second
	// How long an attempt too many may take to give itself away.
	retryWatch = 500 * time.Millisecond
)

func init() {
	orbital.Case("retries-delivery", orbital.Every(5*time.Second), retriesDelivery, orbital.Timeout(10*time.Second))
}

// A delivery that fails is tried again, until it is taken.
func retriesDelivery(t *orbital.T) {
	id := t.NewID()
	// Before the event is sent, so that the first delivery is answered so already.
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
