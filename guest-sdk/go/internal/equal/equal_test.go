package equal

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

type status int

type hidden struct{ value int }

func read(text string) any {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		panic(err)
	}
	return value
}

func TestValues(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		left, right any
		want        bool
	}{
		"numbers of two types":             {float64(3), 3, true},
		"numbers that differ":              {3.5, 3, false},
		"numbers that a float cannot tell": {int64(1<<53 + 1), float64(1 << 53), false},
		"a named type":                     {status(202), 202, true},
		"a number and a text":              {3, "3", false},
		"a number of JSON":                 {json.Number("2"), 2, true},
		"no number":                        {math.NaN(), math.NaN(), false},
		"JSON and what a test writes":      {read(`{"n":[1,"a",null]}`), map[string]any{"n": []any{1, "a", nil}}, true},
		"a list of JSON and one of texts":  {read(`["a","b"]`), []string{"a", "b"}, true},
		"lists of two lengths":             {read(`["a"]`), []string{"a", "b"}, false},
		"maps with other keys":             {map[string]int{"a": 1}, map[string]int{"b": 1}, false},
		"nothing and nothing":              {nil, nil, true},
		"nothing and a nil pointer":        {nil, (*int)(nil), true},
		"nothing and zero":                 {nil, 0, false},
		"structs, field by field":          {hidden{1}, hidden{1}, true},
		"structs that differ inside":       {hidden{1}, hidden{2}, false},
		"structs in lists":                 {[]any{hidden{1}}, []hidden{{2}}, false},
		"times":                            {now, now, true},
	} {
		if got := Values(test.left, test.right); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
