// The suite. Each case has its own file.
package main

import (
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func main() {} // The host calls the cases.

func init() {
	orbital.Case("ready", orbital.Every(time.Minute), ready, orbital.Timeout(time.Second))
	// It needs a target: register it when [targets.api] in orbital.toml is your system.
	// orbital.Case("smoke", orbital.Every(10*time.Second), smoke, orbital.Timeout(3*time.Second))
}
