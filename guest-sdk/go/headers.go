package orbital

import (
	"maps"
	"slices"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Headers are headers of HTTP, each with one value or several: orbital.Headers{"retry-after": {"1"}}. Those that the
// host gives have names in lower case.
type Headers map[string][]string

// Get is the first value of a header, by its name in any case; an empty text if there is none.
func (h Headers) Get(name string) string {
	if values := h.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values is all values of a header, by its name in any case, in the order in which they came.
func (h Headers) Values(name string) []string {
	if values, isThere := h[strings.ToLower(name)]; isThere {
		return values
	}
	for known, values := range h {
		if strings.EqualFold(known, name) {
			return values
		}
	}
	return nil
}

func headers(given []contract.Field) Headers {
	headers := make(Headers, len(given))
	for _, header := range given {
		headers[header.Name] = append(headers[header.Name], header.Value)
	}
	return headers
}

// fields is headers as the contract has them, sorted by name so that two runs send the same.
func (h Headers) fields() []contract.Field {
	var fields []contract.Field
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			fields = append(fields, contract.Field{Name: name, Value: value})
		}
	}
	return fields
}

func sorted(labels map[string]string) []contract.Field {
	var fields []contract.Field
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fields = append(fields, contract.Field{Name: name, Value: labels[name]})
	}
	return fields
}
