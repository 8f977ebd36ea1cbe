package orbital

import (
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/suite"
)

const (
	mostRetries   = 10
	mostTags      = 16
	longestName   = 100
	longestTag    = 64
	longestTagged = 256
)

// Option is an optional setting of a case.
type Option func(*suite.Case) error

// Timeout sets the timeout of one attempt. The default is in the host's configuration.
func Timeout(timeout time.Duration) Option {
	return func(added *suite.Case) error {
		milliseconds, err := wholeMilliseconds("the timeout", timeout)
		added.TimeoutMs = &milliseconds
		return err
	}
}

// Retries sets the maximum number of retries, at most 10, and the pause before each. A run that passes after a retry is
// reported as passed and flaky.
func Retries(retries int, pause time.Duration) Option {
	return func(added *suite.Case) error {
		switch {
		case retries < 0:
			return fmt.Errorf("the number of retries is %d; use 0 to %d", retries, mostRetries)
		case retries > mostRetries:
			return fmt.Errorf("%d retries are too many; at most %d", retries, mostRetries)
		}
		added.Retries = uint32(retries)
		if pause == 0 {
			return nil
		}
		var err error
		added.RetryMs, err = wholeMilliseconds("the pause between retries", pause)
		return err
	}
}

// Tag adds a label for filters, maintenance windows and metrics, at most 16: orbital.Tag("team", "growth").
func Tag(name, value string) Option {
	return func(added *suite.Case) error {
		if !isTagName(name) {
			return fmt.Errorf("`%s` cannot be a tag's name; use a letter, then letters, digits and `_`, %d bytes at most", name, longestTag)
		}
		if len(value) > longestTagged {
			return fmt.Errorf("the value of the tag `%s` has %d bytes; at most %d", name, len(value), longestTagged)
		}
		for _, tag := range added.Tags {
			if tag.Name == name {
				return fmt.Errorf("the tag `%s` is set twice; remove one", name)
			}
		}
		if len(added.Tags) == mostTags {
			return fmt.Errorf("too many tags; at most %d", mostTags)
		}
		added.Tags = append(added.Tags, contract.Field{Name: name, Value: value})
		return nil
	}
}

// MaxInFlight sets the maximum number of concurrent runs of the case. The default is 1.
func MaxInFlight(runs int) Option {
	return func(added *suite.Case) error {
		if runs < 1 {
			return fmt.Errorf("the maximum of runs in flight is %d; it must be at least 1", runs)
		}
		added.MaxInFlight = uint32(runs)
		return nil
	}
}

func checkName(name string) error {
	isAllowed := len(name) >= 1 && len(name) <= longestName
	for _, character := range name {
		isAllowed = isAllowed && (isLetter(character) || isDigit(character) || character == '-' || character == '_' || character == '.')
	}
	if !isAllowed {
		return fmt.Errorf("this cannot be a case's name; use 1 to %d letters, digits, `-`, `_` and `.`, as in `fan-out`", longestName)
	}
	return nil
}

func isTagName(name string) bool {
	for index, character := range name {
		if !isLetter(character) && (index == 0 || !isDigit(character) && character != '_') {
			return false
		}
	}
	return len(name) >= 1 && len(name) <= longestTag
}

func isLetter(character rune) bool {
	return 'a' <= character && character <= 'z' || 'A' <= character && character <= 'Z'
}

func isDigit(character rune) bool { return '0' <= character && character <= '9' }
