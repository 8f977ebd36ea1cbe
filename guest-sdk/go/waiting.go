package orbital

import (
	"errors"
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// NewID is a new key: unguessable, and unique over all runs.
func (t *T) NewID() string { return t.host.NewID() }

// Expect claims a key for this run, until the run ends. Waiting for a key, and sending an event with one, does this too.
//
// With replies, it plans what the webhook answers to the deliveries of this key, in order; those after the last one are
// answered with 200. At most 32. The error is an *ExpectError.
func (t *T) Expect(key string, replies ...Reply) error {
	planned := make([]contract.Reply, 0, len(replies))
	for _, reply := range replies {
		ready, err := reply.contract()
		if err != nil {
			return err
		}
		planned = append(planned, ready)
	}
	return expectError(t.host.Expect(key, planned))
}

// WaitFor takes the next delivery of a key, in the order in which they came; waits for it as long as the run may last.
// If none comes, the run ends as timeout, and the host says what was waited for and what came instead.
//
// The error, a *WaitError, is that there will be none; never ErrTimeout.
func (t *T) WaitFor(key string) (Delivery, error) {
	taken, err := t.host.WaitFor(key, nil)
	if err != nil {
		return Delivery{}, waitError(err)
	}
	return delivery(taken), nil
}

// WaitForWithin takes the next delivery of a key; waits for it this long, in whole milliseconds, rounded up. Zero looks
// without waiting. If none came in time, errors.Is(err, orbital.ErrTimeout).
func (t *T) WaitForWithin(key string, within time.Duration) (Delivery, error) {
	timeout := milliseconds(within)
	taken, err := t.host.WaitFor(key, &timeout)
	if err != nil {
		return Delivery{}, waitError(err)
	}
	return delivery(taken), nil
}

// WaitN takes the next n deliveries of any of these keys, in the order in which they came; waits for them as long as the
// run may last. Otherwise as [T.WaitFor].
func (t *T) WaitN(n int, keys ...string) ([]Delivery, error) {
	return t.waitN(n, keys, nil)
}

// WaitNWithin is as [T.WaitN], but waits only this long. If fewer than n came in time,
// errors.Is(err, orbital.ErrTimeout), and those that came stay in the queue.
func (t *T) WaitNWithin(within time.Duration, n int, keys ...string) ([]Delivery, error) {
	timeout := milliseconds(within)
	return t.waitN(n, keys, &timeout)
}

// NoDeliveryWithin watches this long that nothing more is delivered with a key. If something is, the error describes it.
func (t *T) NoDeliveryWithin(key string, within time.Duration) error {
	delivery, err := t.WaitForWithin(key, within)
	switch {
	case errors.Is(err, ErrTimeout):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("nothing more was to be delivered with the key `%s` within %s, but this was: %s", key, shown(within), delivery)
}

func (t *T) waitN(n int, keys []string, timeout *uint32) ([]Delivery, error) {
	if n < 0 {
		return nil, &WaitError{Reason: ErrNothingToWaitFor}
	}
	taken, err := t.host.WaitN(keys, uint32(n), timeout)
	if err != nil {
		return nil, waitError(err)
	}
	deliveries := make([]Delivery, 0, len(taken))
	for _, each := range taken {
		deliveries = append(deliveries, delivery(each))
	}
	return deliveries, nil
}
