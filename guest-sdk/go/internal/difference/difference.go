// Package difference shows two values that should be equal, for a person to compare.
package difference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	// linesAround is how many lines are shown before and after one that differs.
	linesAround = 3

	// mostPairs bounds the memory for comparing, which needs a number for each pair of lines: this many are
	// 4 MiB. Values that are larger are shown whole.
	mostPairs = 1 << 20
)

// Between shows both values, one below the other; if they have several lines, only those that differ and a few around
// them.
func Between(left, right any) string {
	return between(Text(left), Text(right))
}

func between(left, right string) string {
	lefts, rights := lines(left), lines(right)
	if max(len(lefts), len(rights)) < 2 || len(lefts)*len(rights) > mostPairs {
		return fmt.Sprintf("   left: %s\n  right: %s", left, right)
	}
	return "- left\n+ right\n" + byLine(compare(lefts, rights))
}

// Text is a value as JSON, with the lines of a text as lines. Errors and durations, and what cannot be JSON, are shown as Go shows
// them.
func Text(value any) string {
	switch value := value.(type) {
	case error:
		return value.Error()
	case time.Duration:
		return value.String()
	case string:
		return strings.ReplaceAll(asJSON(value), `\n`, "\n")
	}
	return asJSON(value)
}

func asJSON(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("%#v", value)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func byLine(compared []line) string {
	var shown strings.Builder
	skips := false
	for index, line := range compared {
		if !differs(compared[max(0, index-linesAround):min(len(compared), index+linesAround+1)]) {
			skips = true
			continue
		}
		if skips {
			shown.WriteString("  …\n")
			skips = false
		}
		fmt.Fprintf(&shown, "%c %s\n", line.sign, line.text)
	}
	return shown.String()
}

func differs(compared []line) bool {
	for _, line := range compared {
		if line.sign != ' ' {
			return true
		}
	}
	return false
}
