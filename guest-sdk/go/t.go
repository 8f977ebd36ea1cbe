package orbital

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/place"
)

// T is the run that a case is in: what the case does, and says, goes through it. It is much like testing.T, and can stand
// for one where a library asks for Errorf, FailNow and Helper.
//
// It is for the goroutine that the case was called on, as testing.T is in FailNow and what uses it.
type T struct {
	host     contract.Host
	name     string
	isFailed bool
	cleanups []func()
	helpers  map[string]bool
}

// Name is the case's name.
func (t *T) Name() string { return t.name }

// Fail marks the run as failed, and goes on. [T.Error] says why, too.
func (t *T) Fail() { t.fail("marked as failed") }

// FailNow marks the run as failed, and ends the case.
func (t *T) FailNow() {
	if !t.isFailed {
		t.fail("marked as failed")
	}
	runtime.Goexit()
}

// Failed says whether the run has been marked as failed.
func (t *T) Failed() bool { return t.isFailed }

// Error marks the run as failed, with a reason for a person to read, and goes on. The arguments are put together as
// fmt.Println does.
func (t *T) Error(args ...any) { t.fail(line(args) + remedy(args)) }

// Errorf marks the run as failed, with a reason for a person to read, and goes on.
func (t *T) Errorf(format string, args ...any) { t.fail(fmt.Sprintf(format, args...) + remedy(args)) }

// Fatal is Error, and ends the case.
func (t *T) Fatal(args ...any) {
	t.fail(line(args) + remedy(args))
	runtime.Goexit()
}

// Fatalf is Errorf, and ends the case.
func (t *T) Fatalf(format string, args ...any) {
	t.fail(fmt.Sprintf(format, args...) + remedy(args))
	runtime.Goexit()
}

// NoError ends the case if there is an error, with that as the reason: short for
//
//	if err != nil {
//		t.Fatal(err)
//	}
func (t *T) NoError(err error) {
	if err != nil {
		t.fail(err.Error() + remedy([]any{err}))
		runtime.Goexit()
	}
}

// Helper marks the function that calls it as one that helps tests: a reason is given the place where that function was
// called.
func (t *T) Helper() {
	counters := make([]uintptr, 1)
	frame, _ := runtime.CallersFrames(counters[:runtime.Callers(2, counters)]).Next()
	t.helpers[frame.Function] = true
}

// Cleanup registers a function that is called when the case has ended, however it did, but for a timeout: then the host
// has stopped the run. The last one registered is called first.
func (t *T) Cleanup(cleanup func()) { t.cleanups = append(t.cleanups, cleanup) }

// fail marks the run as failed, with a reason and the place in the author's code behind its first line.
func (t *T) fail(reason string) {
	first, rest, isLong := strings.Cut(strings.Trim(reason, "\n"), "\n")
	if place := place.Caller(func(function string) bool { return t.helpers[function] }); place != "" {
		first += " (" + place + ")"
	}
	if isLong {
		first += "\n" + rest
	}
	t.failed(first)
}

func (t *T) failed(reason string) {
	t.isFailed = true
	t.host.Fail(reason)
}

func line(args []any) string { return strings.TrimSuffix(fmt.Sprintln(args...), "\n") }
