package main

import (
	"testing"

	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitaltest"
)

// system returns a host whose system under test gives this response to each event.
func system(answer orbitaltest.Answer) orbitaltest.Host {
	return orbitaltest.Host{Targets: orbitaltest.Targets{"api": func(sent orbitaltest.Sent) orbitaltest.Answer {
		if sent.Method == "DELETE" {
			return orbitaltest.Answer{Status: 204}
		}
		return answer
	}}}
}

// delivers returns the response to an event, followed by its delivery.
func delivers(processed bool) orbitaltest.Answer {
	delivery := orbitaltest.Delivery{JSON: map[string]any{"processed": processed}}
	return orbitaltest.Answer{Status: 202, Deliveries: []orbitaltest.Delivery{delivery}}
}

func TestCleansUpPassesIfTheSignUpIsProcessed(t *testing.T) {
	if run := system(delivers(true)).Run("cleans-up"); run.Outcome != orbitaltest.Pass {
		t.Error(run)
	}
}

func TestCleansUpFailsIfTheSignUpIsNotProcessed(t *testing.T) {
	if run := system(delivers(false)).Run("cleans-up"); run.Outcome != orbitaltest.Fail {
		t.Error(run)
	}
}

func TestCleansUpCleansUpIfNothingIsDelivered(t *testing.T) {
	run := system(orbitaltest.Answer{Status: 202}).Run("cleans-up")
	if run.Outcome != orbitaltest.Fail {
		t.Error(run)
	}
	if len(run.Sent) != 2 || run.Sent[1].Method != "DELETE" {
		t.Errorf("sent: %v", run.Sent)
	}
}
