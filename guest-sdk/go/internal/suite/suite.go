// Package suite holds the cases that a component has registered.
package suite

import (
	"fmt"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Case is one test, in the words of the contract.
type Case struct {
	Name        string
	Schedule    Schedule
	TimeoutMs   *uint32
	Tags        []contract.Field
	Retries     uint32
	RetryMs     uint32
	MaxInFlight uint32
	// Run runs it to its end. All that it has to say goes to the host.
	Run func(contract.Host)
}

// Schedule is when the host starts a case by itself: only when somebody asks, unless one of these is set.
type Schedule struct {
	EveryMs  uint32
	Cron     string
	CronZone string
}

var (
	cases    []Case
	mistakes []string
)

// Refuse keeps what is wrong with a case, for the host to show when it asks for the cases. Anywhere else there is nobody
// to ask, so it panics.
func Refuse(mistake string) {
	if !inComponent {
		panic(mistake)
	}
	mistakes = append(mistakes, mistake)
}

// Mistakes is all that is wrong with cases.
func Mistakes() []string { return mistakes }

// Register adds a case. The error is a sentence that names the fix.
func Register(added Case) error {
	for _, other := range cases {
		if other.Name == added.Name {
			return fmt.Errorf("there is a case of this name already; give one of the two another name")
		}
	}
	cases = append(cases, added)
	return nil
}

// Cases is all that was registered, in that order.
func Cases() []Case { return cases }

// Find is the case of this name.
func Find(name string) (Case, error) {
	names := make([]string, 0, len(cases))
	for _, known := range cases {
		if known.Name == name {
			return known, nil
		}
		names = append(names, known.Name)
	}
	return Case{}, fmt.Errorf("there is no case `%s`; there are: %s", name, strings.Join(names, ", "))
}
