package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func init() {
	orbital.Case("configured", orbital.Every(5*time.Second), configured, orbital.Timeout(3*time.Second))
}

// Whom the test signs up is another one in each environment.
func configured(t *orbital.T) {
	email, isSet := t.Config("email")
	if !isSet {
		email = "ada@example.com" // Nobody reads this mail.
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
