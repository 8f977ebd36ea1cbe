package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/place"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// Case registers a test, from a function init:
//
//	orbital.Case("smoke", orbital.Every(time.Second), smoke, orbital.Timeout(3*time.Second))
//
// The name is unique in the suite: 1 to 100 letters, digits, -, _ and .
//
// If something of it cannot be, the component does not load, and the host says why; in a go test, it panics.
func Case(name string, schedule Schedule, test func(t *T), options ...Option) {
	added := suite.Case{
		Name:        name,
		Schedule:    schedule.when,
		MaxInFlight: 1,
		Run:         func(host contract.Host) { run(name, test, host) },
	}
	err := checkName(name)
	if err == nil {
		err = schedule.check()
	}
	if err == nil && test == nil {
		err = fmt.Errorf("there is no function to run; give one after the schedule")
	}
	for _, option := range options {
		if err == nil {
			err = option(&added)
		}
	}
	if err == nil {
		err = suite.Register(added)
	}
	if err != nil {
		here := place.Caller(func(string) bool { return false })
		suite.Refuse(fmt.Sprintf("orbital: the case `%s`: %v (%s)", name, err, here))
	}
}
