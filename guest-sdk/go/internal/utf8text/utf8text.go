// Package utf8text replaces invalid UTF-8. A Go string may hold any bytes; the contract's strings are UTF-8, and the
// host ends a run that passes anything else.
package utf8text

import (
	"strings"
	"unicode/utf8"
)

// Valid returns a text with U+FFFD in place of each byte that is not valid UTF-8, as a `range` loop reads it. A valid
// text is returned as it is, without a copy.
func Valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var valid strings.Builder
	for _, character := range text {
		valid.WriteRune(character)
	}
	return valid.String()
}
