// Package guest makes a program a component: it answers what the host asks, and passes on what cases ask the host.
// It is there in builds for WebAssembly only.
package guest
