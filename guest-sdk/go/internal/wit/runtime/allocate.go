//go:build wasip1

// Package wit_runtime is the memory that calls across the component's boundary use. The generated bindings call
// it, so its names are the generator's.
package wit_runtime

import (
	"runtime"
	"unsafe"
)

// Allocate makes room for what a call passes to the host, and pins it until the call is over.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	room := heap(size, align)
	pinner.Pin(room)
	return room
}

// heap is memory of Go's heap without pointers in it. Go aligns a block by the size of its elements.
func heap(size, align uintptr) unsafe.Pointer {
	if align > 8 {
		panic("the component model aligns by 8 at most")
	}
	if align == 1 {
		return unsafe.Pointer(unsafe.SliceData(make([]byte, size)))
	}
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
}
