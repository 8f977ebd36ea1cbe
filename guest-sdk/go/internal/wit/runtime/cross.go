//go:build wasip1

package wit_runtime

import (
	"runtime/debug"
	"sync"
	"unsafe"
)

var (
	// one is held by the goroutine that is in a call of the host. Another one can only get there while the
	// first waits for the collector to end.
	one sync.Mutex

	// crossing is true while the host may write into Go's heap.
	crossing bool

	// received keeps what the host has written alive until the bindings have made values of it, which
	// point into it.
	received []unsafe.Pointer
)

// Cross makes a call that the host answers with more than a number.
//
// To write such an answer the host asks for memory (realloc). A component must not call an import then, but the
// garbage collector does: it reads the clock, and the run would end with "cannot leave component instance". So
// it is off until the answer is there. Turning it off also waits for a collection that has begun; what is left of
// that, the sweeping, is why realloc stops the clock as well.
func Cross[V any](call func() V) V {
	one.Lock()
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(-1)
	if limit != noLimit {
		debug.SetMemoryLimit(noLimit)
	}
	crossing = true

	// Not deferred: a call of the host either returns or ends the run.
	answer := call()

	crossing = false
	clear(received)
	received = received[:0]
	if limit != noLimit {
		debug.SetMemoryLimit(limit)
	}
	debug.SetGCPercent(percent)
	one.Unlock()
	return answer
}

// noLimit is what Go's memory limit is if nobody has set one. With a limit the collector runs even if it is off
// otherwise.
const noLimit = 1<<63 - 1
