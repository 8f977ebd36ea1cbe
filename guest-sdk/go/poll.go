package orbital

import (
	"fmt"
	"time"
)

const (
	// firstPause is short, as most systems answer well at the second try.
	firstPause = 10 * time.Millisecond
	// longestPause bounds how late a good answer is noticed.
	longestPause = 500 * time.Millisecond
)

// Sleep waits. To wait for a delivery use [T.WaitFor], and for anything else [T.Eventually]: both end as soon as they
// can.
func (t *T) Sleep(duration time.Duration) { t.host.Sleep(milliseconds(duration)) }

// Eventually tries until it succeeds, with pauses of 10 ms that double up to 500 ms:
//
//	err := t.Eventually(2*time.Second, func() error {
//		invoice, err := t.Request(orbital.Request{Target: "api", Path: "/invoices/7"})
//		if err != nil {
//			return err
//		}
//		return invoice.Success()
//	})
//
// If it never succeeded in this time, the error has the last reason.
func (t *T) Eventually(within time.Duration, try func() error) error {
	elapsed := func() time.Duration { return seconds(t.host.Elapsed()) }
	end := elapsed() + within
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try()
		if err == nil {
			return nil
		}
		// The last try is at the end of the time, so that none of it is wasted.
		left := end - elapsed()
		if left <= 0 {
			return fmt.Errorf("%w, still so after %s", err, shown(within))
		}
		t.Sleep(min(pause, left))
	}
}
