package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// ready needs no system under test: it passes if the component runs and gets no delivery for a new key.
func ready(t *orbital.T) {
	key := t.NewID()
	t.Logf("nobody knows the key %s, so nothing can come", key)
	t.NoError(t.NoDeliveryWithin(key, 10*time.Millisecond))
}
