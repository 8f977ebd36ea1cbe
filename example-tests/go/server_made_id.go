package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func init() {
	orbital.Case("server-made-id", orbital.Every(time.Second), serverMadeID, orbital.Timeout(3*time.Second))
}

// The pipeline creates the id, so it may deliver before the test knows it.
func serverMadeID(t *orbital.T) {
	receipt, err := t.SendEvent(orbital.Event{Target: "api", JSON: user{Email: "ada@example.com"}})
	t.NoError(err)
	t.NoError(receipt.Success())
	var id string
	t.NoError(receipt.Pointer("/id", &id))

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got user
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Email, "ada@example.com")
}
