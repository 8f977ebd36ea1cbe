//go:build wasip1

package wit_runtime

import "unsafe"

// reserve is memory outside of Go's heap, for what is asked for outside of a crossing: by the WASI adapter
// (its state and its stack, 64 KiB each) before Go's runtime has begun, and by the host for the name of the case
// to run. Taking it cannot start the garbage collector, which must not run then; see Cross.
var reserve [256 << 10]byte

// taken is how much of the reserve is in use. None of it is ever given back.
var taken uintptr

// fromReserve is nil if the reserve has no room left.
func fromReserve(size, align uintptr) unsafe.Pointer {
	start := (uintptr(unsafe.Pointer(&reserve)) + taken + align - 1) &^ (align - 1)
	end := start + size - uintptr(unsafe.Pointer(&reserve))
	if end > uintptr(len(reserve)) {
		return nil
	}
	taken = end
	return unsafe.Add(unsafe.Pointer(&reserve), start-uintptr(unsafe.Pointer(&reserve)))
}

// realloc is how the host, and the WASI adapter, get memory of this component to write into. Nothing that it does
// may call an import.
//
//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	var room unsafe.Pointer
	if !crossing {
		room = fromReserve(size, align)
	}
	if room == nil {
		pauseClock(true)
		room = heap(size, align)
		received = append(received, room)
		pauseClock(false)
	}
	copy(unsafe.Slice((*byte)(room), size), unsafe.Slice((*byte)(old), min(oldSize, size)))
	return room
}

// pauseClock has the WASI adapter answer with the last time that it knows, without a call of the host. Allocating can
// wake a goroutine of Go's runtime (the one that gives memory back, when sweeping ends), and that reads the clock.
//
//go:wasmimport wasi_snapshot_preview1 adapter_monotonic_clock_set_paused
func pauseClock(isPaused bool)

// Unpin is called by the generated code when it has taken the arguments of an export. Those are in the reserve.
func Unpin() {}
