package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

// A type that no other case sends, so that only this test changes its counter.
const counterName = `pipeline_events_accepted_total{type="invoice"}`

// How long the counter may take to be updated.
const counterLag = 2 * time.Second

func init() {
	orbital.Case("counters", orbital.Every(time.Second), counters, orbital.Timeout(5*time.Second))
}

// The pipeline counts the events that it accepts.
func counters(t *orbital.T) {
	before, err := counter(t)
	t.NoError(err)
	id := t.NewID()
	invoice := user{ID: id, Type: "invoice", Email: "ada@example.com"}
	_, err = t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: invoice})
	t.NoError(err)

	delivery, err := t.WaitFor(id)
	t.NoError(err)
	var destination string
	t.NoError(delivery.Pointer("/destination", &destination))
	t.CheckEq(destination, "ledger")
	t.NoError(t.Eventually(counterLag, func() error {
		after, err := counter(t)
		if err == nil && after <= before {
			err = fmt.Errorf("%s is %v, as before the event", counterName, after)
		}
		return err
	}))
}

// counter is the counter's value; 0 before it appears.
func counter(t *orbital.T) (float64, error) {
	metrics, err := t.Request(orbital.Request{Target: "pipeline", Path: "/metrics"})
	if err != nil {
		return 0, err
	}
	if err := metrics.Success(); err != nil {
		return 0, err
	}
	for line := range strings.Lines(metrics.Text()) {
		if value, isCounter := strings.CutPrefix(line, counterName); isCounter {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, nil
}
