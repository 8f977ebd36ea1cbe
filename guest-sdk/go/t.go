package orbital

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/place"
)

// T is the current run. A case uses it to send events, wait for deliveries, log and fail. It resembles testing.T, and
// works with libraries that need an interface with Errorf, FailNow and Helper.
//
// It must be used from the goroutine that the case was called on.
type T struct {
	host     contract.Host
	name     string
	isFailed bool
	cleanups []func()
	helpers  map[string]bool
}

// Name returns the name of the case.
func (t *T) Name() string { return t.name }

// Fail marks the run as failed and continues. Use [T.Error] to give a reason.
func (t *T) Fail() { t.fail("marked as failed") }

// FailNow marks the run as failed and ends the case.
func (t *T) FailNow() {
	if !t.isFailed {
		t.fail("marked as failed")
	}
	runtime.Goexit()
}

// Failed returns whether the run has been marked as failed.
func (t *T) Failed() bool { return t.isFailed }

// Error marks the run as failed, with a reason that is formatted like fmt.Println, and continues.
func (t *T) Error(args ...any) { t.fail(line(args) + remedy(args)) }

// Errorf marks the run as failed, with a reason that is formatted like fmt.Printf, and continues.
func (t *T) Errorf(format string, args ...any) { t.fail(fmt.Sprintf(format, args...) + remedy(args)) }

// Fatal marks the run as failed, with a reason that is formatted like fmt.Println, and ends the case.
func (t *T) Fatal(args ...any) {
	t.fail(line(args) + remedy(args))
	runtime.Goexit()
}

// Fatalf marks the run as failed, with a reason that is formatted like fmt.Printf, and ends the case.
func (t *T) Fatalf(format string, args ...any) {
	t.fail(fmt.Sprintf(format, args...) + remedy(args))
	runtime.Goexit()
}

// NoError ends the case as failed if err is not nil. It is short for
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

// Helper marks the calling function as a helper: failures in it are reported at the line that called the helper.
func (t *T) Helper() {
	counters := make([]uintptr, 1)
	frame, _ := runtime.CallersFrames(counters[:runtime.Callers(2, counters)]).Next()
	t.helpers[frame.Function] = true
}

// Cleanup registers a function that is called when the case ends, except after a timeout, when the host has stopped the
// run. The function registered last is called first.
func (t *T) Cleanup(cleanup func()) { t.cleanups = append(t.cleanups, cleanup) }

// fail marks the run as failed. It appends the location in the author's code to the first line of the reason.
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
