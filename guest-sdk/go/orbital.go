// Package orbital is for writing end-to-end tests for orbital in Go.
//
// A test sends an event to the system under test and waits for the delivery to orbital's webhook. A test is a function. A
// suite of tests is a component: one .wasm file. To deploy it, copy it into the host's directory.
//
//	package main
//
//	import (
//		"time"
//
//		orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
//	)
//
//	func main() {} // The host calls the cases.
//
//	func init() {
//		orbital.Case("smoke", orbital.Every(time.Second), smoke, orbital.Timeout(3*time.Second))
//	}
//
//	func smoke(t *orbital.T) {
//		id := t.NewID()
//		_, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: map[string]any{"id": id}})
//		t.NoError(err)
//
//		delivery, err := t.WaitFor(id)
//		t.NoError(err)
//		var got struct{ Processed bool }
//		t.NoError(delivery.JSON(&got))
//		t.CheckEq(got.Processed, true)
//	}
//
// A case passes if it returns and was not marked as failed. [T.Error], [T.Check] and [T.CheckEq] mark it as failed and
// continue. [T.Fatal], [T.NoError] and a panic end it.
//
// # Waiting blocks
//
// A call of the host blocks the whole run with all its goroutines, because WebAssembly has one thread. Goroutines that
// wait for deliveries therefore wait one after the other. To wait for several deliveries, use [T.WaitN]; to send events
// concurrently, use [T.SendEvents].
//
// # Building
//
// A suite is a package main with an empty function main. orbital build builds the component: it runs
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w'
//
// and then wraps the module as a component. Package orbitaltest runs cases in an ordinary go test, without a component.
package orbital

// Version is the version of this package.
const Version = "0.1.0"
