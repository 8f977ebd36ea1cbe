package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func init() {
	orbital.Case("configured", orbital.Every(5*time.Second), configured, orbital.Timeout(3*time.Second))
}

// The email address of the sign-up is different in each environment.
func configured(t *orbital.T) {
	email, isSet := t.Config("email")
	if !isSet {
		email = "ada@example.com" // The default if the operator sets none; no one reads mail to it.
	}
	id := t.NewID()
	receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: user{ID: id, Email: email}})
	t.NoError(err)
	t.NoError(receipt.Success())

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got user
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Email, email)
}
