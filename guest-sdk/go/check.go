package orbital

import (
	"fmt"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/difference"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/equal"
)

// Check checks a condition. If it is false, Check marks the run as failed and continues. It returns the condition:
// t.Check(delivery.Latency < limit, "slow for %s", id).
func (t *T) Check(holds bool, format string, args ...any) bool {
	if !holds {
		t.fail(fmt.Sprintf(format, args...))
	}
	return holds
}

// CheckEq checks that two values are equal. If not, it marks the run as failed, with both values as JSON, and continues.
// It returns whether they are equal: t.CheckEq(receipt.Status, 202).
//
// Values are compared like in reflect.DeepEqual, except that numbers of different types can be equal. So JSON that was
// parsed into an any can be compared with Go values: t.CheckEq(got["count"], 3).
//
// An optional message, with arguments to format, is shown before the difference.
func (t *T) CheckEq(got, want any, message ...any) bool {
	isEqual := equal.Values(got, want)
	if !isEqual {
		t.fail(about(message) + ": " + difference.InShort(got, want) + "\n" + difference.Between(got, want))
	}
	return isEqual
}

// CheckNe checks that two values differ. If not, it marks the run as failed and continues. It returns whether they differ.
func (t *T) CheckNe(got, unwanted any, message ...any) bool {
	isEqual := equal.Values(got, unwanted)
	if isEqual {
		t.fail(about(message) + ": both are " + difference.Brief(got) + "\n   both: " + difference.Text(got))
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
