package orbital

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
)

// shownBytes is the maximum number of bytes of a body that an error shows.
const shownBytes = 300

// BodyError is an error of reading a body. The message includes the start of the body.
type BodyError struct {
	// Pointer is the JSON pointer that has no value. Empty if the body is not JSON, or the JSON does not have the requested type.
	Pointer string
	// Err is the error of the JSON parser.
	Err error
	// Beginning is the start of the body.
	Beginning string
}

func (e *BodyError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("no value at `%s` in the JSON; it is %s", e.Pointer, e.Beginning)
	}
	return fmt.Sprintf("not the JSON expected: %v; it is %s", e.Err, e.Beginning)
}

// Unwrap returns the error of the JSON parser.
func (e *BodyError) Unwrap() error { return e.Err }

// utf8JSON returns a body of JSON as UTF-8 without a byte order mark. JSON starts with an ASCII character, so that UTF-16 is
// recognised by its zero bytes even without a mark.
func utf8JSON(body []byte) []byte {
	if rest, hasMark := bytes.CutPrefix(body, []byte("\xef\xbb\xbf")); hasMark {
		return rest
	}
	if len(body) < 2 {
		return body
	}
	var order binary.ByteOrder
	switch first, second := body[0], body[1]; {
	case first == 0xfe && second == 0xff, first == 0 && second != 0:
		order = binary.BigEndian
	case first == 0xff && second == 0xfe, first != 0 && second == 0:
		order = binary.LittleEndian
	default:
		return body
	}
	units := make([]uint16, 0, len(body)/2)
	for pair := range slices.Chunk(body, 2) {
		if len(pair) < 2 {
			units = append(units, utf8.RuneError)
		} else if unit := order.Uint16(pair); unit != byteOrderMark || len(units) > 0 {
			units = append(units, unit)
		}
	}
	return []byte(string(utf16.Decode(units)))
}

// byteOrderMark is at the start of some texts in UTF-16, and belongs to no text.
const byteOrderMark = 0xfeff

// readJSON parses a body into a value.
func readJSON(body []byte, into any) error {
	if err := json.Unmarshal(utf8JSON(body), into); err != nil {
		return &BodyError{Err: err, Beginning: beginning(body)}
	}
	return nil
}

// readPointer parses the value at a JSON pointer into a value.
func readPointer(body []byte, pointer string, into any) error {
	found := json.RawMessage(utf8JSON(body))
	if !json.Valid(found) {
		return readJSON(body, &found)
	}
	if pointer != "" && pointer[0] != '/' {
		return &BodyError{Pointer: pointer, Beginning: beginning(body)}
	}
	for _, step := range strings.Split(pointer, "/")[1:] {
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if found = member(found, name); found == nil {
			return &BodyError{Pointer: pointer, Beginning: beginning(body)}
		}
	}
	if err := json.Unmarshal(found, into); err != nil {
		return &BodyError{Err: err, Beginning: beginning(body)}
	}
	return nil
}

// member returns the value with this name in an object, or at this index in an array, or nil.
func member(of json.RawMessage, name string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(of, &object) == nil {
		return object[name]
	}
	var list []json.RawMessage
	index, err := strconv.ParseUint(name, 10, 31)
	if err != nil || json.Unmarshal(of, &list) != nil || int(index) >= len(list) || strconv.FormatUint(index, 10) != name {
		return nil
	}
	return list[index]
}

// beginning returns the first bytes of a body, as text for people.
func beginning(body []byte) string {
	switch {
	case len(body) == 0:
		return "an empty body"
	case len(body) <= shownBytes:
		return "`" + text(body) + "`"
	default:
		return fmt.Sprintf("`%s…` (%d bytes)", text(body[:shownBytes]), len(body))
	}
}

// text returns a body as text, with U+FFFD in place of each invalid byte.
func text(body []byte) string { return utf8text.Valid(string(body)) }
