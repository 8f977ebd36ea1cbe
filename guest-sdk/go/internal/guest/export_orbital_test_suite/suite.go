//go:build wasip1

// Package export_orbital_test_suite is what the generated exports call, by names that the generator chose.
package export_orbital_test_suite

import (
	contract "github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_suite"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/guest"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/types"
)

// Cases is all that was registered. If a case is wrong it ends in a trap, of which the host shows the reasons given to
// fail: the contract has no other way for a component to refuse.
func Cases() []contract.TestCase {
	if mistakes := suite.Mistakes(); len(mistakes) > 0 {
		for _, mistake := range mistakes {
			guest.Host{}.Fail(mistake)
		}
		panic("orbital: a case is wrong")
	}
	var cases []contract.TestCase
	for _, known := range suite.Cases() {
		cases = append(cases, testCase(known))
	}
	return cases
}

// Run runs the case of this name. Why it did not pass, it has told the host itself; an error is only that there is no
// such case.
func Run(name string) wit_types.Result[wit_types.Unit, string] {
	found, err := suite.Find(name)
	if err != nil {
		return wit_types.Err[wit_types.Unit](err.Error())
	}
	found.Run(guest.Host{})
	return wit_types.Ok[wit_types.Unit, string](wit_types.Unit{})
}

func testCase(known suite.Case) contract.TestCase {
	tags := make([]contract.Tag, 0, len(known.Tags))
	for _, tag := range known.Tags {
		tags = append(tags, contract.Tag{Name: utf8text.Valid(tag.Name), Value: utf8text.Valid(tag.Value)})
	}
	return contract.TestCase{
		Name:        known.Name,
		Schedule:    schedule(known.Schedule),
		TimeoutMs:   guest.Option(known.TimeoutMs),
		Tags:        tags,
		Retry:       contract.RetryPolicy{Retries: known.Retries, DelayMs: known.RetryMs},
		MaxInFlight: known.MaxInFlight,
	}
}

func schedule(known suite.Schedule) contract.Schedule {
	switch {
	case known.EveryMs > 0:
		return contract.MakeScheduleEvery(known.EveryMs)
	case known.Cron != "":
		zone := wit_types.None[string]()
		if known.CronZone != "" {
			zone = wit_types.Some(utf8text.Valid(known.CronZone))
		}
		return contract.MakeScheduleCron(contract.CronSchedule{Expression: utf8text.Valid(known.Cron), Zone: zone})
	default:
		return contract.MakeScheduleManual()
	}
}
