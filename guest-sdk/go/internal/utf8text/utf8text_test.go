package utf8text

import "testing"

func TestInvalidBytesAreReplacedOneByOne(t *testing.T) {
	for given, want := range map[string]string{
		"":                     "",
		"ada":                  "ada",
		"\x00é€🎉\uFFFD":        "\x00é€🎉\uFFFD",
		"got \x1f\x8b\xff":     "got \x1f\uFFFD\uFFFD",
		"\xed\xa0\x80 is none": "\uFFFD\uFFFD\uFFFD is none",
		"cut\xe2\x82":          "cut\uFFFD\uFFFD",
	} {
		if got := Valid(given); got != want {
			t.Errorf("%q became %q and not %q", given, got, want)
		}
	}
}
