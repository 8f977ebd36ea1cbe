// The behaviours that every SDK has in common, one case each.
package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func main() {} // The host calls the cases.

// add registers a case of this suite.
func add(name string, test func(*orbital.T), options ...orbital.Option) {
	orbital.Case(name, orbital.Manual(), test, append([]orbital.Option{orbital.Timeout(5 * time.Second)}, options...)...)
}

func init() {
	add("passes", func(*orbital.T) {})

	add("smoke", smoke)
	add("fan-out", fanOut)
	add("exactly-once", exactlyOnce)
	add("server-made-id", serverMadeID)
	add("planned-replies", plannedReplies, orbital.Timeout(10*time.Second))
	add("big-body", bigBody)
	add("encodings", encodings)
	add("unknown-target", unknownTarget)
	add("wait-timeout", waitTimeout)
	add("waits-for-ever", waitsForEver, orbital.Timeout(300*time.Millisecond))

	add("logs", logs)
	add("non-utf8", nonUTF8)
	add("invalid-text", invalidText)
	add("invalid-end", invalidEnd)
	add("random", random)
	add("metrics", metrics)
	add("config", config)
	add("context", runContext)

	add("fails", fails)
	add("returns-error", returnsError)
	add("differs", differs)
	add("uncaught", uncaught)
	add("loops", loops, orbital.Timeout(300*time.Millisecond))
	add("churns", churns)
	// Of this language alone: how a program would end.
	add("exits", exits)
	// Nothing of its runtime may call the host while the host writes into its memory.
	add("receives", receives, orbital.Timeout(20*time.Second))
}
