package main

import (
	"testing"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitaltest"
)

// A fake of the example pipeline: it delivers each event to the CRM.
func pipeline(processed bool) orbitaltest.Host {
	return orbitaltest.Host{Targets: orbitaltest.Targets{"api": func(orbitaltest.Sent) orbitaltest.Answer {
		delivery := orbitaltest.Delivery{After: 20 * time.Millisecond, Path: "/hooks/crm", JSON: map[string]any{"processed": processed}}
		return orbitaltest.Answer{Status: 202, Deliveries: []orbitaltest.Delivery{delivery}}
	}}}
}

func TestSmokePassesIfTheEventIsProcessed(t *testing.T) {
	if run := pipeline(true).Run("smoke"); run.Outcome != orbitaltest.Pass {
		t.Error(run)
	}
}

func TestSmokeFailsIfTheEventIsNotProcessed(t *testing.T) {
	if run := pipeline(false).Run("smoke"); run.Outcome != orbitaltest.Fail {
		t.Error(run)
	}
}

func TestSmokeTimesOutIfNothingIsDelivered(t *testing.T) {
	drops := func(orbitaltest.Sent) orbitaltest.Answer { return orbitaltest.Answer{Status: 202} }
	run := orbitaltest.Host{Targets: orbitaltest.Targets{"api": drops}}.Run("smoke")
	if run.Outcome != orbitaltest.Timeout || run.Duration != 3*time.Second {
		t.Error(run)
	}
}
