package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/difference"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/equal"
)

// Check marks the run as failed unless the condition holds, and goes on. It returns whether it holds:
// t.Check(delivery.Latency < limit, "slow for %s", id).
func (t *T) Check(holds bool, format string, args ...any) bool {
	if !holds {
		t.fail(fmt.Sprintf(format, args...))
	}
	return holds
}

// CheckEq marks the run as failed unless both values are equal, with both in the reason as JSON, and goes on. It returns
// whether they are: t.CheckEq(receipt.Status, 202).
//
// Values are equal as reflect.DeepEqual has it, and a number is equal to the same number of another type, so that JSON
// that was read into an any can be compared with what Go writes: t.CheckEq(got["count"], 3).
//
// A text after the values, with what is formatted into it, goes before the difference.
func (t *T) CheckEq(got, want any, message ...any) bool {
	isEqual := equal.Values(got, want)
	if !isEqual {
		t.fail(about(message) + "\n" + difference.Between(got, want))
	}
	return isEqual
}

// CheckNe marks the run as failed if both values are equal, and goes on. It returns whether they differ.
func (t *T) CheckNe(got, unwanted any, message ...any) bool {
	isEqual := equal.Values(got, unwanted)
	if isEqual {
		t.fail(about(message) + "\n   both: " + difference.Text(got))
	}
	return !isEqual
}

func about(message []any) string {
	if len(message) == 0 {
		return "check failed"
	}
	if format, isText := message[0].(string); isText {
		return fmt.Sprintf(format, message[1:]...)
	}
	return line(message)
}
