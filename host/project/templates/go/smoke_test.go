package main

import (
	"testing"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitaltest"
)

// A separate name, so that it does not matter whether main.go registers smoke.
const tried = "smoke-here"

func init() {
	orbital.Case(tried, orbital.Manual(), smoke, orbital.Timeout(3*time.Second))
}

// system is a system under test that delivers each event.
func system(processed bool) orbitaltest.Host {
	return orbitaltest.Host{Targets: orbitaltest.Targets{"api": func(orbitaltest.Sent) orbitaltest.Answer {
		delivery := orbitaltest.Delivery{After: 20 * time.Millisecond, JSON: map[string]any{"processed": processed}}
		return orbitaltest.Answer{Status: 202, Deliveries: []orbitaltest.Delivery{delivery}}
	}}}
}

func TestSmokePassesIfTheEventIsProcessed(t *testing.T) {
	if run := system(true).Run(tried); run.Outcome != orbitaltest.Pass {
		t.Error(run)
	}
}

func TestSmokeFailsIfTheEventIsNotProcessed(t *testing.T) {
	if run := system(false).Run(tried); run.Outcome != orbitaltest.Fail {
		t.Error(run)
	}
}

func TestSmokeTimesOutIfNothingIsDelivered(t *testing.T) {
	drops := func(orbitaltest.Sent) orbitaltest.Answer { return orbitaltest.Answer{Status: 202} }
	run := orbitaltest.Host{Targets: orbitaltest.Targets{"api": drops}}.Run(tried)
	if run.Outcome != orbitaltest.Timeout {
		t.Error(run)
	}
}
