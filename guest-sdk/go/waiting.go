package orbital

import (
	"errors"
	"fmt"
	"time"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// NewID returns a new key that cannot be guessed, and that is unique among all runs.
func (t *T) NewID() string { return t.host.NewID() }

// Expect reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also does
// this.
//
// The replies, at most 32, are the webhook's responses to the deliveries with this key, in order. Further deliveries get a
// 200. The error is an *ExpectError.
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

// WaitFor waits for the next delivery with this key, and removes it from the queue. If none arrives until the run times
// out, the run ends with outcome timeout, and the report says what the webhook received instead.
//
// The error is a *WaitError if another run expects the key, the key is invalid, or deliveries were dropped. It is never
// ErrTimeout.
func (t *T) WaitFor(key string) (Delivery, error) {
	taken, err := t.host.WaitFor(key, nil)
	if err != nil {
		return Delivery{}, waitError(err)
	}
	return delivery(taken), nil
}

// WaitForWithin waits for the next delivery with this key for a limited time, and removes it from the queue. The time is
// rounded up to whole milliseconds; zero does not wait. If no delivery arrives in time, errors.Is(err, orbital.ErrTimeout)
// is true.
func (t *T) WaitForWithin(key string, within time.Duration) (Delivery, error) {
	timeout := milliseconds(within)
	taken, err := t.host.WaitFor(key, &timeout)
	if err != nil {
		return Delivery{}, waitError(err)
	}
	return delivery(taken), nil
}

// WaitN waits for the next n deliveries with any of these keys, in the order of arrival, and removes them from the queues.
// If fewer arrive until the run times out, the run ends with outcome timeout. The error is a *WaitError.
func (t *T) WaitN(n int, keys ...string) ([]Delivery, error) {
	return t.waitN(n, keys, nil)
}

// WaitNWithin waits for the next n deliveries like [T.WaitN], for a limited time. If fewer than n arrive in time,
// errors.Is(err, orbital.ErrTimeout) is true, and those that arrived stay in the queue.
func (t *T) WaitNWithin(within time.Duration, n int, keys ...string) ([]Delivery, error) {
	timeout := milliseconds(within)
	return t.waitN(n, keys, &timeout)
}

// NoDeliveryWithin checks that no further delivery with this key arrives within this time. If one does, the error
// describes it.
func (t *T) NoDeliveryWithin(key string, within time.Duration) error {
	delivery, err := t.WaitForWithin(key, within)
	switch {
	case errors.Is(err, ErrTimeout):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("expected no delivery with the key `%s` within %s, but received: %s", key, shown(within), delivery)
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
