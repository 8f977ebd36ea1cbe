package orbital_test

import (
	"strings"
	"testing"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func nothing(*orbital.T) {}

func TestWhatCannotBeACaseIsRefusedWithTheFix(t *testing.T) {
	orbital.Case("twice", orbital.Manual(), nothing)
	second := orbital.Every(time.Second)
	for name, test := range map[string]struct {
		name     string
		schedule orbital.Schedule
		test     func(*orbital.T)
		option   orbital.Option
		want     string
	}{
		"a name twice":        {"twice", second, nothing, nil, "orbital: the case `twice`: a case with this name already exists"},
		"no name":             {"", second, nothing, nil, "use 1 to 100 letters"},
		"a name with a slash": {"a/b", second, nothing, nil, "as in `fan-out`"},
		"no schedule":         {"a", orbital.Schedule{}, nothing, nil, "use one of orbital.Every"},
		"no function":         {"a", second, nil, nil, "the function is missing"},
		"no period":           {"a", orbital.Every(0), nothing, nil, "the period must be longer than zero"},
		"a period too fine":   {"a", orbital.Every(1500 * time.Microsecond), nothing, nil, "1.5ms is not a whole number of milliseconds"},
		"a period too long":   {"a", orbital.Every(50 * 24 * time.Hour), nothing, nil, "is too long; the maximum is 49 days"},
		"six fields of cron":  {"a", orbital.Cron("0 0 7 * * *", ""), nothing, nil, "this one has 6"},
		"a negative timeout":  {"a", second, nothing, orbital.Timeout(-1), "the timeout must be longer than zero"},
		"many retries":        {"a", second, nothing, orbital.Retries(11, 0), "11 retries are too many; at most 10"},
		"a tag's name":        {"a", second, nothing, orbital.Tag("_team", "x"), "use a letter, then"},
		"a long tag":          {"a", second, nothing, orbital.Tag("team", strings.Repeat("x", 257)), "has 257 bytes"},
		"no run in flight":    {"a", second, nothing, orbital.MaxInFlight(0), "at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, test.want) {
					t.Errorf("got %q, wanted %q in it", text, test.want)
				}
			}()
			var options []orbital.Option
			if test.option != nil {
				options = append(options, test.option)
			}
			orbital.Case(test.name, test.schedule, test.test, options...)
		})
	}
}
