package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/place"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// Case registers a test. Call it in a function init:
//
//	orbital.Case("smoke", orbital.Every(time.Second), smoke, orbital.Timeout(3*time.Second))
//
// The name must be unique in the suite: 1 to 100 letters, digits, -, _ and .
//
// If an argument is invalid, the component does not load, and the host reports why. In a go test, Case panics.
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
		err = fmt.Errorf("the function is missing; pass it after the schedule")
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
