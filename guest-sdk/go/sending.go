package orbital

import "github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"

// SendEvent sends an event to a target, which is an endpoint in the host's configuration, and waits for the response.
// Redirects are not followed.
//
// The error is a *SendError if there is no response. A response with an error status is not an error; see
// [Receipt.Success].
func (t *T) SendEvent(event Event) (Receipt, error) {
	ready, err := event.contract()
	if err != nil {
		return Receipt{}, err
	}
	return answer(t.host.SendEvent(ready))
}

// SendEvents sends events concurrently and waits for all responses, which are in the order of the events. The host limits
// how many are sent at once. All keys are expected before the first event is sent.
func (t *T) SendEvents(events ...Event) []Answer {
	answers := make([]Answer, len(events))
	var ready []contract.Event
	var places []int
	for index, event := range events {
		checked, err := event.contract()
		if answers[index].Err = err; err == nil {
			ready, places = append(ready, checked), append(places, index)
		}
	}
	for index, given := range t.host.SendEvents(ready) {
		answers[places[index]].Receipt, answers[places[index]].Err = answer(given.Receipt, given.Err)
	}
	return answers
}

// Request sends a request that is not an event to a target, and waits for the response. The error is a *SendError if there
// is no response.
func (t *T) Request(request Request) (Receipt, error) {
	ready, err := request.contract()
	if err != nil {
		return Receipt{}, err
	}
	return answer(t.host.Request(ready))
}

func answer(given contract.Receipt, err *contract.Error) (Receipt, error) {
	if err != nil {
		return Receipt{}, sendError(err)
	}
	return receipt(given), nil
}
