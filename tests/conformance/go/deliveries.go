package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

type user struct {
	ID    string `json:"id,omitempty"`
	Type  string `json:"type,omitempty"`
	Email string `json:"email"`
}

func smoke(t *orbital.T) {
	id := t.NewID()
	send(t, id, user{ID: id, Email: "ada@example.com"})
	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got struct{ Processed bool }
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Processed, true)
}

func fanOut(t *orbital.T) {
	id := t.NewID()
	send(t, id, user{ID: id, Type: "order", Email: "ada@example.com"})
	deliveries, err := t.WaitN(3, id)
	t.NoError(err)
	var destinations []string
	for _, delivery := range deliveries {
		var destination string
		t.NoError(delivery.Pointer("/destination", &destination))
		t.Check(strings.HasSuffix(delivery.Path, "/hooks/"+destination), "%s got %s", destination, delivery.Path)
		destinations = append(destinations, destination)
	}
	slices.Sort(destinations)
	if t.CheckEq(destinations, []string{"analytics", "billing", "shipping"}) {
		byTime := func(a, b orbital.Delivery) int { return a.ReceivedAt.Compare(b.ReceivedAt) }
		spread := slices.MaxFunc(deliveries, byTime).ReceivedAt.Sub(slices.MinFunc(deliveries, byTime).ReceivedAt)
		t.NoError(t.Histogram("fan_out_spread_seconds", spread.Seconds(), nil))
	}
}

func exactlyOnce(t *orbital.T) {
	id := t.NewID()
	for _, isSecond := range []bool{false, true} {
		receipt := send(t, id, user{ID: id, Email: "ada@example.com"})
		var isDuplicate bool
		t.NoError(receipt.Pointer("/duplicate", &isDuplicate))
		t.CheckEq(isDuplicate, isSecond)
	}
	_, err := t.WaitFor(id)
	t.NoError(err)
	t.NoError(t.NoDeliveryWithin(id, 300*time.Millisecond))
}

func serverMadeID(t *orbital.T) {
	receipt := send(t, "", user{Email: "ada@example.com"})
	var id string
	t.NoError(receipt.Pointer("/id", &id))
	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var got user
	t.NoError(delivery.JSON(&got))
	t.CheckEq(got.Email, "ada@example.com")
}

func plannedReplies(t *orbital.T) {
	id := t.NewID()
	hangs := orbital.Reply{Status: 200, Delay: 3 * time.Second}
	t.NoError(t.Expect(id, orbital.Reply{Status: 500}, hangs, orbital.Reply{Status: 200}))
	send(t, id, user{ID: id, Email: "ada@example.com"})
	first, err := t.WaitFor(id)
	t.NoError(err)
	for _, failure := range []string{"answered with 500", "left without an answer"} {
		again, err := t.WaitForWithin(id, 2*time.Second)
		if err != nil {
			t.Fatalf("a delivery that was %s is not tried again: %v", failure, err)
		}
		var got, want any
		t.NoError(again.JSON(&got))
		t.NoError(first.JSON(&want))
		t.CheckEq(got, want)
	}
	t.NoError(t.NoDeliveryWithin(id, 500*time.Millisecond))
}

func bigBody(t *orbital.T) {
	const size = 3 << 20
	receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: t.NewID(), Body: []byte(strings.Repeat("x", size))})
	t.NoError(err)
	t.Logf("answered %d", receipt.Status)
}

func unknownTarget(t *orbital.T) {
	_, err := t.SendEvent(orbital.Event{Target: "nowhere"})
	t.NoError(err)
}

func waitTimeout(t *orbital.T) {
	_, err := t.WaitForWithin(t.NewID(), 50*time.Millisecond)
	if !errors.Is(err, orbital.ErrTimeout) {
		t.Fatalf("the wait ended with %v", err)
	}
	t.Log("timeout caught")
}

func waitsForEver(t *orbital.T) {
	_, err := t.WaitFor(t.NewID())
	t.NoError(err)
}

// send sends an event that must be taken.
func send(t *orbital.T, key string, value user) orbital.Receipt {
	t.Helper()
	receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: key, JSON: value})
	t.NoError(err)
	t.NoError(receipt.Success())
	return receipt
}

func encodings(t *orbital.T) {
	for _, encoding := range []string{"utf-8-mark", "utf-16-le", "utf-16-le-mark", "utf-16-be", "utf-16-be-mark"} {
		answer, err := t.Request(orbital.Request{Target: "encodings", Path: "/" + encoding})
		t.NoError(err)
		var name string
		t.NoError(answer.Pointer("/name", &name))
		t.CheckEq(name, "Zoë 🎉")
	}
}
