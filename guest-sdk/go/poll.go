package orbital

import (
	"fmt"
	"time"
)

const (
	// firstPause is short because most systems are ready at the second attempt.
	firstPause = 10 * time.Millisecond
	// longestPause limits how late a success is noticed.
	longestPause = 500 * time.Millisecond
)

// Sleep sleeps. To wait for a delivery, use [T.WaitFor]; for anything else, use [T.Eventually]. Both return as early as
// possible.
func (t *T) Sleep(duration time.Duration) { t.host.Sleep(milliseconds(duration)) }

// Eventually retries until the function returns nil, with pauses from 10 ms doubling up to 500 ms:
//
//	err := t.Eventually(2*time.Second, func() error {
//		invoice, err := t.Request(orbital.Request{Target: "api", Path: "/invoices/7"})
//		if err != nil {
//			return err
//		}
//		return invoice.Success()
//	})
//
// If the function did not succeed within this time, Eventually returns its last error.
func (t *T) Eventually(within time.Duration, try func() error) error {
	elapsed := func() time.Duration { return seconds(t.host.Elapsed()) }
	end := elapsed() + within
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try()
		if err == nil {
			return nil
		}
		// The last attempt is at the end of the time, so none of it is wasted.
		left := end - elapsed()
		if left <= 0 {
			return fmt.Errorf("%w, still so after %s", err, shown(within))
		}
		t.Sleep(min(pause, left))
	}
}
