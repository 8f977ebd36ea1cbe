package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// Time limit for the delivery: less than the case's timeout, so that there is time to clean up.
const latest = 3 * time.Second

func init() {
	orbital.Case("cleans-up", orbital.Every(5*time.Second), cleansUp, orbital.Timeout(5*time.Second))
}

// A test that removes its data, whether it passes or not.
func cleansUp(t *orbital.T) {
	id := t.NewID()
	receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: user{ID: id, Email: "ada@example.com"}})
	t.NoError(err)
	t.NoError(receipt.Success())
	t.Cleanup(func() {
		removed, err := t.Request(orbital.Request{Method: "DELETE", Target: "api", Path: "/" + id})
		if err == nil {
			err = removed.Success()
		}
		if err != nil {
			t.Errorf("the sign-up %s is left behind: %v", id, err)
		}
	})

	delivery, err := t.WaitForWithin(id, latest)
	t.NoError(err)
	var got struct{ Processed bool }
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Processed, true)
}
