package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func init() {
	orbital.Case("smoke", orbital.Every(time.Second), smoke, orbital.Timeout(3*time.Second))
}

// One event, one delivery.
func smoke(t *orbital.T) {
	id := t.NewID()
	_, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: user{ID: id, Email: "ada@example.com"}})
	t.NoError(err)

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got struct{ Processed bool }
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Processed, true)
}
