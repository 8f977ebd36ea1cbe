package orbitaltest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// longestKey is the maximum size of a key in bytes.
const longestKey = 256

// queued is a delivery with its time of arrival.
type queued struct {
	at       time.Duration
	sent     time.Duration
	delivery Delivery
}

// deliver schedules the deliveries that follow a request.
func (p *played) deliver(sent Sent, from time.Duration, deliveries []Delivery) {
	for _, delivery := range deliveries {
		if delivery.Key == "" {
			delivery.Key = sent.Key
		}
		coming := &queued{at: from + delivery.After, sent: sent.At, delivery: delivery}
		queue := append(p.queues[delivery.Key], coming)
		slices.SortStableFunc(queue, func(a, b *queued) int { return cmp.Compare(a.at, b.at) })
		p.queues[delivery.Key] = queue
		if delivery.OnReply != nil {
			p.deliver(Sent{Key: delivery.Key, At: sent.At}, coming.at, delivery.OnReply(p.reply(delivery.Key)))
		}
	}
}

// reply returns the webhook's next response for a key.
func (p *played) reply(key string) orbital.Reply {
	planned := p.replies[key]
	if len(planned) == 0 {
		return orbital.Reply{Status: 200}
	}
	p.replies[key] = planned[1:]
	return planned[0]
}

func (p *played) Expect(key string, replies []contract.Reply) *contract.Error {
	if err := checkKey(key); err != nil {
		return err
	}
	planned := make([]orbital.Reply, 0, len(replies))
	for _, reply := range replies {
		if reply.Status < 200 || reply.Status > 599 {
			return &contract.Error{Reason: contract.InvalidReply, Text: fmt.Sprintf("the status %d is not 200 to 599", reply.Status)}
		}
		planned = append(planned, orbital.Reply{
			Status:  int(reply.Status),
			Delay:   time.Duration(reply.DelayMs) * time.Millisecond,
			Headers: headers(reply.Headers),
			Body:    reply.Body,
		})
	}
	p.replies[key] = planned
	return nil
}

func (p *played) WaitFor(key string, timeoutMs *uint32) (contract.Delivery, *contract.Error) {
	taken, err := p.wait([]string{key}, 1, timeoutMs)
	if err != nil {
		return contract.Delivery{}, err
	}
	return taken[0], nil
}

func (p *played) WaitN(keys []string, n uint32, timeoutMs *uint32) ([]contract.Delivery, *contract.Error) {
	if len(keys) == 0 || n == 0 {
		return nil, &contract.Error{Reason: contract.NothingToWaitFor}
	}
	return p.wait(keys, int(n), timeoutMs)
}

func (p *played) wait(keys []string, n int, timeoutMs *uint32) ([]contract.Delivery, *contract.Error) {
	var coming []*queued
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		if err := checkKey(key); err != nil {
			return nil, err
		}
		coming = append(coming, p.queues[key]...)
	}
	slices.SortStableFunc(coming, func(a, b *queued) int { return cmp.Compare(a.at, b.at) })

	doing := fmt.Sprintf("waiting for a delivery with key `%s`", strings.Join(keys, "`, `"))
	if timeoutMs != nil {
		end := p.now + time.Duration(*timeoutMs)*time.Millisecond
		if len(coming) < n || coming[n-1].at > end {
			p.pass(end-p.now, doing)
			return nil, &contract.Error{Reason: contract.Timeout}
		}
	}
	if len(coming) < n {
		p.pass(p.timeout-p.now, doing)
	}
	p.pass(max(0, coming[n-1].at-p.now), doing)
	var deliveries []contract.Delivery
	for _, taken := range coming[:n] {
		key := taken.delivery.Key
		p.queues[key] = slices.DeleteFunc(p.queues[key], func(other *queued) bool { return other == taken })
		deliveries = append(deliveries, received(taken))
	}
	return deliveries, nil
}

func received(taken *queued) contract.Delivery {
	method := taken.delivery.Method
	if method == "" {
		method = "POST"
	}
	latency := (taken.at - taken.sent).Seconds()
	return contract.Delivery{
		Key:        taken.delivery.Key,
		Method:     method,
		Path:       taken.delivery.Path,
		Query:      taken.delivery.Query,
		Headers:    fields(taken.delivery.Headers),
		Body:       body(taken.delivery.JSON, taken.delivery.Body),
		ReceivedAt: float64(started.Unix()) + taken.at.Seconds(),
		Latency:    &latency,
	}
}

func checkKey(key string) *contract.Error {
	switch {
	case key == "":
		return &contract.Error{Reason: contract.InvalidKey, Text: "the key is empty"}
	case len(key) > longestKey:
		return &contract.Error{Reason: contract.InvalidKey, Text: fmt.Sprintf("the key has %d bytes; at most %d are allowed", len(key), longestKey)}
	case strings.ContainsFunc(key, unicode.IsControl):
		return &contract.Error{Reason: contract.InvalidKey, Text: "the key has a control character"}
	}
	return nil
}
