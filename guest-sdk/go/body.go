package orbital

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// shownBytes is how many bytes of a body an error shows.
const shownBytes = 300

// BodyError is why a body is not what was asked for. It shows the body's beginning.
type BodyError struct {
	// Pointer is the JSON pointer at which there is no value; empty if the body is not the JSON expected.
	Pointer string
	// Err is what is wrong with the JSON.
	Err error
	// Beginning is the body's beginning.
	Beginning string
}

func (e *BodyError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("no value at `%s` in the JSON; it is %s", e.Pointer, e.Beginning)
	}
	return fmt.Sprintf("not the JSON expected: %v; it is %s", e.Err, e.Beginning)
}

// Unwrap is what is wrong with the JSON.
func (e *BodyError) Unwrap() error { return e.Err }

// readJSON reads a body into a value.
func readJSON(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return &BodyError{Err: err, Beginning: beginning(body)}
	}
	return nil
}

// readPointer reads what a JSON pointer names into a value.
func readPointer(body []byte, pointer string, into any) error {
	found := json.RawMessage(body)
	if !json.Valid(body) {
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

// member is the value of this name in an object, or at this index in a list; nil if there is none.
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

// beginning is the first bytes of a body, for a person to read.
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

// text is a body as text; what is not UTF-8 in it is replaced.
func text(body []byte) string { return strings.ToValidUTF8(string(body), "\uFFFD") }
