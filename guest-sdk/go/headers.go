package orbital

import (
	"maps"
	"slices"
	"strings"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Headers are HTTP headers, each with one or more values: orbital.Headers{"retry-after": {"1"}}. Received headers have
// names in lower case.
type Headers map[string][]string

// Get returns the first value of a header, or an empty string. The case of the name does not matter.
func (h Headers) Get(name string) string {
	if values := h.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of a header, in the order in which they were received. The case of the name does not matter.
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

// fields returns the headers in the type of the contract, sorted by name so that all runs send the same.
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
