package main

import orbital "github.com/orbital-e2e/orbital/guest-sdk/go"

// smoke sends a sign-up to the target api, and waits for the delivery that it causes.
func smoke(t *orbital.T) {
	id := t.NewID()
	receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: map[string]any{"id": id, "email": "ada@example.com"}})
	t.NoError(err)
	t.NoError(receipt.Success())

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got struct{ Processed bool }
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Processed, true)
}
