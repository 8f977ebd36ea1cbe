package orbitaltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

func (p *played) SendEvent(event contract.Event) (contract.Receipt, *contract.Error) {
	receipt, err, took := p.send(sentEvent(event), event.TimeoutMs)
	p.pass(took, "waiting for an answer from `"+event.Target+"`")
	return receipt, err
}

func (p *played) SendEvents(events []contract.Event) []contract.Answer {
	var answers []contract.Answer
	var longest time.Duration
	for _, event := range events {
		receipt, err, took := p.send(sentEvent(event), event.TimeoutMs)
		answers = append(answers, contract.Answer{Receipt: receipt, Err: err})
		longest = max(longest, took)
	}
	p.pass(longest, "waiting for answers to its events")
	return answers
}

func (p *played) Request(request contract.Request) (contract.Receipt, *contract.Error) {
	receipt, err, took := p.send(Sent{
		Method:  request.Method,
		Target:  request.Target,
		Path:    request.Path,
		Headers: headers(request.Headers),
		Body:    request.Body,
	}, request.TimeoutMs)
	p.pass(took, "waiting for an answer from `"+request.Target+"`")
	return receipt, err
}

// send also returns how long the response takes.
func (p *played) send(sent Sent, timeoutMs *uint32) (contract.Receipt, *contract.Error, time.Duration) {
	target, isThere := p.host.Targets[sent.Target]
	if !isThere {
		return contract.Receipt{}, &contract.Error{Reason: contract.UnknownTarget, Text: p.unknown(sent.Target)}, 0
	}
	sent.At = p.now
	p.run.Sent = append(p.run.Sent, sent)
	answer := target(sent)
	p.deliver(sent, p.now, answer.Deliveries)

	if timeoutMs != nil {
		if timeout := time.Duration(*timeoutMs) * time.Millisecond; answer.Took > timeout {
			return contract.Receipt{}, &contract.Error{Reason: contract.Timeout}, timeout
		}
	}
	if answer.Err != nil {
		return contract.Receipt{}, sendError(answer.Err), answer.Took
	}
	if answer.Status == 0 {
		answer.Status = 200
	}
	return contract.Receipt{
		Status:  uint16(answer.Status),
		Headers: fields(answer.Headers),
		Body:    body(answer.JSON, answer.Body),
		Latency: answer.Took.Seconds(),
	}, nil, answer.Took
}

func (p *played) unknown(target string) string {
	if len(p.host.Targets) == 0 {
		return fmt.Sprintf("no target `%s` is configured; there are none", target)
	}
	known := strings.Join(slices.Sorted(maps.Keys(p.host.Targets)), "`, `")
	return fmt.Sprintf("no target `%s` is configured; those are: `%s`", target, known)
}

func sentEvent(event contract.Event) Sent {
	sent := Sent{Method: "POST", Target: event.Target, Path: event.Path, Headers: headers(event.Headers), Body: event.Body}
	if event.Key != nil {
		sent.Key = *event.Key
	}
	return sent
}

func sendError(err error) *contract.Error {
	given := &contract.Error{Reason: contract.Unreachable, Text: err.Error()}
	var planned *orbital.SendError
	if !errors.As(err, &planned) {
		return given
	}
	given.Text, given.Number = planned.Text, uint32(planned.Allowed)
	for known, reason := range map[error]contract.Reason{
		orbital.ErrUnknownTarget:  contract.UnknownTarget,
		orbital.ErrInvalidRequest: contract.InvalidRequest,
		orbital.ErrTaken:          contract.Taken,
		orbital.ErrTimeout:        contract.Timeout,
		orbital.ErrTooLarge:       contract.TooLarge,
	} {
		if planned.Reason == known {
			given.Reason = reason
		}
	}
	return given
}

// body returns the body of a response or delivery. It panics if the value cannot be serialized as JSON.
func body(value any, body []byte) []byte {
	if value == nil {
		return body
	}
	written, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("orbitaltest: the body cannot be JSON: %v", err))
	}
	return written
}

func headers(fields []contract.Field) orbital.Headers {
	headers := orbital.Headers{}
	for _, field := range fields {
		name := strings.ToLower(field.Name)
		headers[name] = append(headers[name], field.Value)
	}
	return headers
}

func fields(headers orbital.Headers) []contract.Field {
	var fields []contract.Field
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[name] {
			fields = append(fields, contract.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	return fields
}
