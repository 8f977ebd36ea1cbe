package main

import (
	"slices"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func init() {
	orbital.Case("fan-out", orbital.Every(time.Second), fanOut, orbital.Timeout(5*time.Second))
}

// One event, three deliveries, in the order that the pipeline guarantees.
func fanOut(t *orbital.T) {
	id := t.NewID()
	order := user{ID: id, Type: "order", Email: "ada@example.com"}
	_, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: order})
	t.NoError(err)

	deliveries, err := t.WaitN(3, id)
	t.NoError(err)
	var destinations []string
	for _, delivery := range deliveries {
		var destination string
		t.NoError(delivery.Pointer("/destination", &destination))
		t.Check(strings.HasSuffix(delivery.Path, "/hooks/"+destination), "%s got %s", destination, delivery.Path)
		destinations = append(destinations, destination)
	}
	if t.CheckEq(destinations, []string{"billing", "shipping", "analytics"}) {
		t.NoError(t.Histogram("fan_out_spread_seconds", spread(deliveries).Seconds(), nil))
	}
}

// spread is the time between the first and the last delivery, as the webhook received them.
func spread(deliveries []orbital.Delivery) time.Duration {
	byTime := func(a, b orbital.Delivery) int { return a.ReceivedAt.Compare(b.ReceivedAt) }
	first, last := slices.MinFunc(deliveries, byTime), slices.MaxFunc(deliveries, byTime)
	return last.ReceivedAt.Sub(first.ReceivedAt)
}
