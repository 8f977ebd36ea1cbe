package orbital

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// wholeMilliseconds is a duration in the unit that the host counts in. The error is a sentence that names the fix.
func wholeMilliseconds(what string, duration time.Duration) (uint32, error) {
	switch {
	case duration <= 0:
		return 0, fmt.Errorf("%s must be longer than zero; the shortest is `time.Millisecond`", what)
	case duration%time.Millisecond != 0:
		return 0, fmt.Errorf("%s of %v is not a whole number of milliseconds, the unit that the host counts in", what, duration)
	case duration.Milliseconds() > math.MaxUint32:
		return 0, fmt.Errorf("%s of %v is too long; at most 49 days, or use `orbital.Cron` for a rare case", what, duration)
	}
	return uint32(duration.Milliseconds()), nil
}

// milliseconds is rounded up so that a short time does not become none; at most what a uint32 counts, which is 49 days.
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

// seconds is what the host measured.
func seconds(measured float64) time.Duration {
	return time.Duration(math.Round(measured * float64(time.Second)))
}

// moment is a time of the host's clock, as exact as a number of its size can be.
func moment(sinceEpoch float64) time.Time {
	return time.UnixMicro(int64(math.Round(sinceEpoch * 1e6)))
}

// shown is a duration in its largest unit up to seconds: 300ms, 1.5s, 90s.
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
