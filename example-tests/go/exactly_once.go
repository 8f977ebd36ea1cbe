package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// How long to wait for a duplicate.
const copyWatch = 300 * time.Millisecond

func init() {
	orbital.Case("exactly-once", orbital.Every(time.Second), exactlyOnce, orbital.Timeout(5*time.Second))
}

// The same event twice, one delivery.
func exactlyOnce(t *orbital.T) {
	id := t.NewID()
	event := orbital.Event{Target: "api", Key: id, JSON: user{ID: id, Email: "ada@example.com"}}
	for _, isSecond := range []bool{false, true} {
		receipt, err := t.SendEvent(event)
		t.NoError(err)
		t.NoError(receipt.Success())
		var isDuplicate bool
		t.NoError(receipt.Pointer("/duplicate", &isDuplicate))
		t.CheckEq(isDuplicate, isSecond)
	}

	_, err := t.WaitFor(id)
	t.NoError(err)
	t.NoError(t.NoDeliveryWithin(id, copyWatch))
}
