//go:build wasip1

package guest

import (
	bindings "github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/orbital_test_events"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/utf8text"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/runtime"
	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/wit/types"
)

type answer = wit_types.Result[bindings.Receipt, bindings.SendError]

// SendEvent sends an event.
func (Host) SendEvent(sent contract.Event) (contract.Receipt, *contract.Error) {
	return receipt(wit_runtime.Cross(func() answer { return bindings.SendEvent(event(sent)) }))
}

// SendEvents sends events at the same time.
func (Host) SendEvents(sent []contract.Event) []contract.Answer {
	events := make([]bindings.Event, 0, len(sent))
	for _, each := range sent {
		events = append(events, event(each))
	}
	var answers []contract.Answer
	for _, given := range wit_runtime.Cross(func() []answer { return bindings.SendEvents(events) }) {
		receipt, err := receipt(given)
		answers = append(answers, contract.Answer{Receipt: receipt, Err: err})
	}
	return answers
}

// Request sends any other request.
func (Host) Request(sent contract.Request) (contract.Receipt, *contract.Error) {
	request := bindings.HttpRequest{
		Target:    utf8text.Valid(sent.Target),
		Method:    utf8text.Valid(sent.Method),
		Path:      utf8text.Valid(sent.Path),
		Headers:   headers(sent.Headers),
		Body:      sent.Body,
		TimeoutMs: Option(sent.TimeoutMs),
	}
	return receipt(wit_runtime.Cross(func() answer { return bindings.Request(request) }))
}

func event(sent contract.Event) bindings.Event {
	return bindings.Event{
		Target:    utf8text.Valid(sent.Target),
		Key:       validOption(sent.Key),
		Path:      utf8text.Valid(sent.Path),
		Headers:   headers(sent.Headers),
		Body:      sent.Body,
		TimeoutMs: Option(sent.TimeoutMs),
	}
}

func receipt(given answer) (contract.Receipt, *contract.Error) {
	if given.Tag() == wit_types.ResultErr {
		return contract.Receipt{}, sendError(given.Err())
	}
	received := given.Ok()
	return contract.Receipt{
		Status:  received.Status,
		Headers: fields(received.Headers),
		Body:    received.Body,
		Latency: received.Latency,
	}, nil
}

func sendError(given bindings.SendError) *contract.Error {
	switch given.Tag() {
	case bindings.SendErrorUnknownTarget:
		return &contract.Error{Reason: contract.UnknownTarget, Text: given.UnknownTarget()}
	case bindings.SendErrorInvalid:
		return &contract.Error{Reason: contract.InvalidRequest, Text: given.Invalid()}
	case bindings.SendErrorTaken:
		return &contract.Error{Reason: contract.Taken}
	case bindings.SendErrorUnreachable:
		return &contract.Error{Reason: contract.Unreachable, Text: given.Unreachable()}
	case bindings.SendErrorTimeout:
		return &contract.Error{Reason: contract.Timeout}
	default:
		return &contract.Error{Reason: contract.TooLarge, Number: given.TooLarge()}
	}
}
