package orbital

import (
	"fmt"
	"strings"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// Schedule is when the host starts a case: [Every], [Cron] or [Manual].
type Schedule struct {
	when suite.Schedule
	err  error
	is   bool
}

// Every runs a case periodically, with this period.
func Every(period time.Duration) Schedule {
	milliseconds, err := wholeMilliseconds("the period", period)
	return Schedule{when: suite.Schedule{EveryMs: milliseconds}, err: err, is: true}
}

// Cron runs a case at the times of a cron expression, which has five fields: minute, hour, day of month, month, day of
// week. The zone is the name of a time zone in the IANA database, such as Europe/Madrid. If it is empty, the zone is UTC.
func Cron(expression, zone string) Schedule {
	var err error
	if fields := len(strings.Fields(expression)); fields != 5 {
		err = fmt.Errorf("a cron expression has five fields (minute, hour, day of month, month, day of week), this one has %d", fields)
	}
	return Schedule{when: suite.Schedule{Cron: expression, CronZone: zone}, err: err, is: true}
}

// Manual runs a case only on request, such as orbital run.
func Manual() Schedule { return Schedule{is: true} }

func (s Schedule) check() error {
	if !s.is {
		return fmt.Errorf("the schedule is missing; use one of orbital.Every, orbital.Cron and orbital.Manual")
	}
	return s.err
}
