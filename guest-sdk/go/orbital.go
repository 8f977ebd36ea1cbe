// Package orbital is for writing end-to-end tests for orbital in Go.
//
// A test sends an event to the system under test and waits for what that system delivers to orbital's webhook. It is a
// function; a suite of them is a component, one .wasm file, which is deployed by copying it into the host's directory.
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
// A case passes if it returns and nothing was marked as failed on the way. [T.Error], [T.Check] and [T.CheckEq] mark
// and go on; [T.Fatal], [T.NoError] and a panic end the case.
//
// # Waiting blocks
//
// A call of the host blocks the whole run, all its goroutines: WebAssembly has one thread. Two goroutines that wait for
// a delivery each wait one after the other. To wait for several deliveries use [T.WaitN], and to send events at the same
// time [T.SendEvents].
//
// # Building
//
// A suite is a package main with an empty function main. orbital build makes a component of it; what that does with
// Go is
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w'
//
// and then wraps the module as a component. Package orbitaltest runs cases without any of that, in an ordinary go test.
package orbital

// Version is the version of this package.
const Version = "0.1.0"
