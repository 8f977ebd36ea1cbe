// Package place finds where in its author's code a test is.
package place

import (
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// sdk is the import path of package orbital, and what the names of its functions begin with.
const sdk = "github.com/orbital-e2e/orbital/guest-sdk/go"

// Frame is a place: a function, and a line in it as `file.go:12`.
type Frame struct {
	Function, Line string
}

// Caller is the place of the nearest function that is neither of the SDK nor, by its name, skipped; an empty text if
// there is none.
func Caller(isSkipped func(function string) bool) string {
	for frame := range stack {
		if !isOurs(frame.Function) && !strings.HasPrefix(frame.Function, "runtime.") && !isSkipped(frame.Function) {
			return line(frame)
		}
	}
	return ""
}

// Panicked is the author's functions on the stack of a panic, the innermost first, to be called by the deferred
// function that recovers it.
func Panicked() []Frame {
	var author, others []Frame
	isBelow := false
	for frame := range stack {
		if !isBelow {
			isBelow = frame.Function == "runtime.gopanic"
			continue
		}
		if isOurs(frame.Function) || isRuntime(frame.Function) {
			continue
		}
		found := Frame{Function: frame.Function, Line: line(frame)}
		others = append(others, found)
		if isAuthors(frame.File) {
			author = append(author, found)
		}
	}
	if len(author) == 0 {
		return others
	}
	return author
}

func stack(yield func(runtime.Frame) bool) {
	counters := make([]uintptr, 64)
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters)])
	for {
		frame, isMore := frames.Next()
		if frame.PC != 0 && !yield(frame) || !isMore {
			return
		}
	}
}

func isOurs(function string) bool {
	return strings.HasPrefix(function, sdk+".") || strings.HasPrefix(function, sdk+"/internal/") ||
		strings.HasPrefix(function, sdk+"/orbitaltest.") || strings.HasPrefix(function, sdk+"/orbitalhttp.")
}

func isRuntime(function string) bool {
	return strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/")
}

// isAuthors says whether a file is of the component's own module. Without -trimpath that cannot be told.
func isAuthors(file string) bool {
	return strings.HasPrefix(file, mainModule()+"/")
}

// line is the file and the line, with the file as it is named in its own module. A build without -trimpath has
// absolute paths of another machine in it: there only the last part is of use.
func line(frame runtime.Frame) string {
	file := frame.File
	if inModule, isTrimmed := strings.CutPrefix(file, mainModule()+"/"); isTrimmed {
		file = inModule
	} else if path.IsAbs(file) {
		file = path.Base(file)
	}
	return file + ":" + strconv.Itoa(frame.Line)
}

var mainModule = sync.OnceValue(func() string {
	if info, isThere := debug.ReadBuildInfo(); isThere && info.Main.Path != "" {
		return info.Main.Path
	}
	return "command-line-arguments"
})
