package difference

import "testing"

func numbers(replaced int) []int {
	values := make([]int, 20)
	for index := range values {
		values[index] = index
	}
	values[10] = replaced
	return values
}

func TestHeadlines(t *testing.T) {
	long := "0123456789012345678901234567890123456789012345678901234567890123456789"
	for name, test := range map[string]struct {
		left, right any
		want        string
	}{
		"short values are whole":      {map[string]int{"a": 1}, []string{"a\nb"}, `{"a":1} is not ["a\nb"]`},
		"of long ones the difference": {long + "a", long + "b", `…01234567890123456789a" is not …01234567890123456789b"`},
		"both have an end":            {long + long, 1, `"01234567890123456789012345678901234567890123456789012345678… is not 1`},
	} {
		if got := InShort(test.left, test.right); got != test.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestDifferences(t *testing.T) {
	for name, test := range map[string]struct {
		left, right any
		want        string
	}{
		"short values are shown whole": {false, true, "   left: false\n  right: true"},
		"of long values what differs is shown": {
			numbers(10), numbers(99),
			"- left\n+ right\n  …\n    7,\n    8,\n    9,\n-   10,\n+   99,\n    11,\n    12,\n    13,\n",
		},
		"texts are compared by line":      {"a\nb", "a\nc", "- left\n+ right\n  \"a\n- b\"\n+ c\"\n"},
		"a value beside one of two lines": {1, []int{1}, "- left\n+ right\n- 1\n+ [\n+   1\n+ ]\n"},
		"what cannot be JSON":             {complex(1, 2), nil, "   left: (1+2i)\n  right: null"},
		"signs of HTML are as they are":   {"<a>", "b", "   left: \"<a>\"\n  right: \"b\""},
	} {
		if got := Between(test.left, test.right); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestWhatIsTooLongToCompareIsShownWhole(t *testing.T) {
	got := Between(make([]int, 2000), append(make([]int, 1999), 1))
	if len(got) < 8000 || got[:10] != "   left: [" {
		t.Errorf("got %.40q…", got)
	}
}
