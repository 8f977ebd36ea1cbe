// Package suite holds the registered cases of a component.
package suite

import (
	"fmt"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Case is a test, in the types of the contract.
type Case struct {
	Name        string
	Schedule    Schedule
	TimeoutMs   *uint32
	Tags        []contract.Field
	Retries     uint32
	RetryMs     uint32
	MaxInFlight uint32
	// Run runs the test. It reports everything to the host.
	Run func(contract.Host)
}

// Schedule is when the host starts a case. If no field is set, only on request.
type Schedule struct {
	EveryMs  uint32
	Cron     string
	CronZone string
}

var (
	cases    []Case
	mistakes []string
)

// Refuse records a mistake in a case. The host shows it when it loads the component. Outside of a component, Refuse
// panics.
func Refuse(mistake string) {
	if !inComponent {
		panic(mistake)
	}
	mistakes = append(mistakes, mistake)
}

// Mistakes returns the recorded mistakes.
func Mistakes() []string { return mistakes }

// Register adds a case. The error names the fix.
func Register(added Case) error {
	for _, other := range cases {
		if other.Name == added.Name {
			return fmt.Errorf("a case with this name already exists; rename one of them")
		}
	}
	cases = append(cases, added)
	return nil
}

// Cases returns all cases, in the order of their registration.
func Cases() []Case { return cases }

// Find returns the case with this name.
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
