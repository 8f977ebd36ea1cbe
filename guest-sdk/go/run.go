package orbital

import (
	"fmt"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/place"
)

// run runs a case on its own goroutine, so that runtime.Goexit and a panic end only the case.
func run(name string, test func(*T), host contract.Host) {
	t := &T{host: host, name: name, helpers: map[string]bool{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.cleanUp()
		t.guard(func() { test(t) })
	}()
	<-done
}

// cleanUp calls all registered functions, even if one of them ends the goroutine.
func (t *T) cleanUp() {
	if len(t.cleanups) == 0 {
		return
	}
	defer t.cleanUp()
	last := len(t.cleanups) - 1
	cleanup := t.cleanups[last]
	t.cleanups = t.cleanups[:last]
	t.guard(cleanup)
}

// guard reports a panic as a failure, with the author's functions on the stack.
func (t *T) guard(call func()) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		var reason strings.Builder
		fmt.Fprintf(&reason, "panicked: %v", value)
		for index, frame := range place.Panicked() {
			if index == 0 {
				fmt.Fprintf(&reason, " (%s)", frame.Line)
			} else {
				fmt.Fprintf(&reason, "\n  called by %s (%s)", frame.Function, frame.Line)
			}
		}
		t.failed(reason.String())
	}()
	call()
}
