//go:build wasip1

package guest

import (
	bindings "github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_deliveries"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/runtime"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/types"
)

// NewID is a new key.
func (Host) NewID() string { return wit_runtime.Cross(bindings.NewId) }

// Expect claims a key.
func (Host) Expect(key string, replies []contract.Reply) *contract.Error {
	planned := make([]bindings.PlannedReply, 0, len(replies))
	for _, reply := range replies {
		planned = append(planned, bindings.PlannedReply{
			Status:  reply.Status,
			DelayMs: reply.DelayMs,
			Headers: headers(reply.Headers),
			Body:    reply.Body,
		})
	}
	key = utf8text.Valid(key)
	options := bindings.ExpectOptions{Replies: planned}
	answer := wit_runtime.Cross(func() wit_types.Result[wit_types.Unit, bindings.ExpectError] {
		return bindings.Expect(key, options)
	})
	if answer.Tag() == wit_types.ResultOk {
		return nil
	}
	return expectError(answer.Err())
}

// WaitFor takes the next delivery of a key.
func (Host) WaitFor(key string, timeoutMs *uint32) (contract.Delivery, *contract.Error) {
	key = utf8text.Valid(key)
	answer := wit_runtime.Cross(func() wit_types.Result[bindings.Delivery, bindings.WaitError] {
		return bindings.WaitFor(key, Option(timeoutMs))
	})
	if answer.Tag() == wit_types.ResultErr {
		return contract.Delivery{}, waitError(answer.Err())
	}
	return delivery(answer.Ok()), nil
}

// WaitN takes the next deliveries of some keys.
func (Host) WaitN(keys []string, n uint32, timeoutMs *uint32) ([]contract.Delivery, *contract.Error) {
	valid := make([]string, 0, len(keys))
	for _, key := range keys {
		valid = append(valid, utf8text.Valid(key))
	}
	answer := wit_runtime.Cross(func() wit_types.Result[[]bindings.Delivery, bindings.WaitError] {
		return bindings.WaitN(valid, n, Option(timeoutMs))
	})
	if answer.Tag() == wit_types.ResultErr {
		return nil, waitError(answer.Err())
	}
	var deliveries []contract.Delivery
	for _, taken := range answer.Ok() {
		deliveries = append(deliveries, delivery(taken))
	}
	return deliveries, nil
}

func delivery(taken bindings.Delivery) contract.Delivery {
	var latency *float64
	if taken.Latency.Tag() == wit_types.OptionSome {
		measured := taken.Latency.Some()
		latency = &measured
	}
	return contract.Delivery{
		Key:        taken.Key,
		Method:     taken.Method,
		Path:       taken.Path,
		Query:      taken.Query,
		Headers:    fields(taken.Headers),
		Body:       taken.Body,
		ReceivedAt: taken.ReceivedAt,
		Latency:    latency,
	}
}

func expectError(answer bindings.ExpectError) *contract.Error {
	switch answer.Tag() {
	case bindings.ExpectErrorTaken:
		return &contract.Error{Reason: contract.Taken}
	case bindings.ExpectErrorInvalidKey:
		return &contract.Error{Reason: contract.InvalidKey, Text: answer.InvalidKey()}
	default:
		return &contract.Error{Reason: contract.InvalidReply, Text: answer.InvalidReply()}
	}
}

func waitError(answer bindings.WaitError) *contract.Error {
	switch answer.Tag() {
	case bindings.WaitErrorTimeout:
		return &contract.Error{Reason: contract.Timeout}
	case bindings.WaitErrorTaken:
		return &contract.Error{Reason: contract.Taken}
	case bindings.WaitErrorInvalidKey:
		return &contract.Error{Reason: contract.InvalidKey, Text: answer.InvalidKey()}
	case bindings.WaitErrorNothingToWaitFor:
		return &contract.Error{Reason: contract.NothingToWaitFor}
	default:
		return &contract.Error{Reason: contract.Overflow, Number: answer.Overflow()}
	}
}

func headers(given []contract.Field) []bindings.Header {
	headers := make([]bindings.Header, 0, len(given))
	for _, field := range given {
		headers = append(headers, bindings.Header(valid(field)))
	}
	return headers
}

func fields(given []bindings.Header) []contract.Field {
	fields := make([]contract.Field, 0, len(given))
	for _, header := range given {
		fields = append(fields, contract.Field(header))
	}
	return fields
}
