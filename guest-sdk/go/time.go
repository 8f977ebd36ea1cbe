package orbital

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// wholeMilliseconds returns a duration in milliseconds, the unit of the contract. The error names the fix.
func wholeMilliseconds(what string, duration time.Duration) (uint32, error) {
	switch {
	case duration <= 0:
		return 0, fmt.Errorf("%s must be longer than zero; the shortest is `time.Millisecond`", what)
	case duration%time.Millisecond != 0:
		return 0, fmt.Errorf("%s of %v is not a whole number of milliseconds, which is the host's unit", what, duration)
	case duration.Milliseconds() > math.MaxUint32:
		return 0, fmt.Errorf("%s of %v is too long; the maximum is 49 days; use `orbital.Cron` for longer periods", what, duration)
	}
	return uint32(duration.Milliseconds()), nil
}

// milliseconds returns whole milliseconds, rounded up so that a short time does not become zero, at most 49 days.
func milliseconds(duration time.Duration) uint32 {
	if duration <= 0 {
		return 0
	}
	whole := duration / time.Millisecond
	if duration%time.Millisecond != 0 {
		whole++
	}
	return uint32(min(whole, math.MaxUint32))
}

// seconds converts seconds that the host measured.
func seconds(measured float64) time.Duration {
	return time.Duration(math.Round(measured * float64(time.Second)))
}

// moment converts a time of the host's clock, with the precision of a float64.
func moment(sinceEpoch float64) time.Time {
	return time.UnixMicro(int64(math.Round(sinceEpoch * 1e6)))
}

// shown returns a duration in its largest unit up to seconds: 300ms, 1.5s, 90s.
func shown(duration time.Duration) string {
	units := []struct {
		unit time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}}
	for _, each := range units {
		if duration >= each.unit {
			return strconv.FormatFloat(float64(duration)/float64(each.unit), 'f', -1, 64) + each.name
		}
	}
	return strconv.FormatInt(duration.Nanoseconds(), 10) + "ns"
}
