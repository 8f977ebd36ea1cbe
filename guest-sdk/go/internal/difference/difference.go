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

	// mostBrief is the longest text of a value in a headline, in characters.
	mostBrief = 60

	// charactersBefore is how many characters of a long text are shown before the first one that differs.
	charactersBefore = 20
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

// InShort says in one line how two values differ. Of long values, it has the parts around the first difference.
func InShort(left, right any) string {
	lefts, rights := []rune(oneLine(left)), []rune(oneLine(right))
	start := 0
	if max(len(lefts), len(rights)) > mostBrief {
		for start < min(len(lefts), len(rights)) && lefts[start] == rights[start] {
			start++
		}
		start = max(0, start-charactersBefore)
	}
	return part(lefts, start) + " is not " + part(rights, start)
}

// Brief is a value in one line, or its beginning.
func Brief(value any) string {
	return part([]rune(oneLine(value)), 0)
}

func part(text []rune, start int) string {
	end := min(len(text), start+mostBrief)
	shown := string(text[start:end])
	if start > 0 {
		shown = "…" + shown
	}
	if end < len(text) {
		shown += "…"
	}
	return shown
}

// oneLine is the text of a value without the white space with which JSON is laid out.
func oneLine(value any) string {
	if text, isText := value.(string); isText {
		return asJSON(text)
	}
	var compact bytes.Buffer
	text := Text(value)
	if err := json.Compact(&compact, []byte(text)); err == nil {
		return compact.String()
	}
	return strings.Join(strings.Fields(text), " ")
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
