package orbital

import (
	"fmt"
	"strings"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

// Schedule is when the host starts a case by itself: [Every], [Cron] or [Manual].
type Schedule struct {
	when suite.Schedule
	err  error
	is   bool
}

// Every runs a case at multiples of this period.
func Every(period time.Duration) Schedule {
	milliseconds, err := wholeMilliseconds("the period", period)
	return Schedule{when: suite.Schedule{EveryMs: milliseconds}, err: err, is: true}
}

// Cron runs a case at the times of a cron expression, which has five fields: minute, hour, day of month, month, day of
// week. The zone is a name such as Europe/Madrid; if it is empty, the times are in UTC.
func Cron(expression, zone string) Schedule {
	var err error
	if fields := len(strings.Fields(expression)); fields != 5 {
		err = fmt.Errorf("a cron expression has five fields (minute, hour, day of month, month, day of week), this one has %d", fields)
	}
	return Schedule{when: suite.Schedule{Cron: expression, CronZone: zone}, err: err, is: true}
}

// Manual runs a case only when somebody asks for it: orbital run.
func Manual() Schedule { return Schedule{is: true} }

func (s Schedule) check() error {
	if !s.is {
		return fmt.Errorf("it has no schedule; give it one of orbital.Every, orbital.Cron and orbital.Manual")
	}
	return s.err
}
