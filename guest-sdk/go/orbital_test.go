package orbital_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitaltest"
)

// played runs a function as a case of this test's own.
func played(t *testing.T, host orbitaltest.Host, test func(*orbital.T), options ...orbital.Option) orbitaltest.Run {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", ".")
	if _, isUsed := used[name]; isUsed {
		name = fmt.Sprintf("%s.%d", name, used[name])
	}
	used[name]++
	orbital.Case(name, orbital.Manual(), test, options...)
	return host.Run(name)
}

var used = map[string]int{}

func want(t *testing.T, run orbitaltest.Run, outcome orbitaltest.Outcome, reasons ...string) {
	t.Helper()
	if run.Outcome != outcome || strings.Join(run.Reasons, "|") != strings.Join(reasons, "|") {
		t.Errorf("wanted %s with %q, got\n%s", outcome, reasons, run)
	}
}

// echo delivers what it is sent.
func echo(sent orbitaltest.Sent) orbitaltest.Answer {
	delivery := orbitaltest.Delivery{After: 20 * time.Millisecond, Path: "/hooks/crm", Query: "a=1", Headers: orbital.Headers{"A": {"b"}}, Body: sent.Body}
	return orbitaltest.Answer{Status: 202, Took: 5 * time.Millisecond, JSON: map[string]any{"duplicate": false}, Deliveries: []orbitaltest.Delivery{delivery}}
}

var host = orbitaltest.Host{
	Targets:     orbitaltest.Targets{"api": echo},
	Config:      map[string]string{"greeting": "hello"},
	Environment: "staging",
}

func TestAnEventAndItsDelivery(t *testing.T) {
	run := played(t, host, func(t *orbital.T) {
		id := t.NewID()
		receipt, err := t.SendEvent(orbital.Event{Target: "api", Key: id, JSON: map[string]string{"id": id}})
		t.NoError(err)
		t.NoError(receipt.Success())
		t.CheckEq(receipt.Status, 202)
		t.CheckEq(receipt.Latency, 5*time.Millisecond)

		delivery, err := t.WaitFor(id)
		t.NoError(err)
		var got string
		t.NoError(delivery.Pointer("/id", &got))
		t.CheckEq(got, id)
		t.CheckEq(delivery.Header("a"), "b")
		t.CheckEq(delivery.Latency, 20*time.Millisecond)
		t.CheckEq(delivery.String(), "POST /hooks/crm?a=1 with `{\"id\":\""+id+"\"}`")
		t.NoError(t.NoDeliveryWithin(id, time.Second))
	})
	want(t, run, orbitaltest.Pass)
	if run.Duration != 1020*time.Millisecond || run.Sent[0].Headers.Get("Content-Type") != "application/json" {
		t.Errorf("%v, sent %v", run.Duration, run.Sent)
	}
}

func TestReasonsHaveTheirPlace(t *testing.T) {
	check := func(t *orbital.T) {
		t.Helper()
		t.Check(false, "of the %s", "helper")
	}
	_, _, before, _ := runtime.Caller(0)
	run := played(t, host, func(t *orbital.T) {
		t.Error("first", 1)
		t.Errorf("%s\nwith more", "second")
		check(t)
		t.CheckEq(map[string]any{"n": 1.0}, map[string]int{"n": 1})
		t.CheckEq(1, 2, "the %s", "count")
		t.CheckNe("a", "a")
		t.Fail()
		t.Fatal(errors.New("the end"))
		t.Error("never")
	})
	at := func(line int, reason string) string {
		return strings.Replace(reason, "PLACE", fmt.Sprintf("orbital_test.go:%d", before+line), 1)
	}
	want(t, run, orbitaltest.Fail,
		at(2, "first 1 (PLACE)"),
		at(3, "second (PLACE)\nwith more"),
		at(4, "of the helper (PLACE)"),
		at(6, "the count: 1 is not 2 (PLACE)\n   left: 1\n  right: 2"),
		at(7, "check failed: both are \"a\" (PLACE)\n   both: \"a\""),
		at(8, "marked as failed (PLACE)"),
		at(9, "the end (PLACE)"),
	)
}

func TestAPanicIsAFailure(t *testing.T) {
	run := played(t, host, func(t *orbital.T) { t.Log(third([]int{1, 2})) })
	if run.Outcome != orbitaltest.Fail || !strings.HasPrefix(run.Reasons[0], "panicked: runtime error: index out of range [2] with length 2 (orbital_test.go:") {
		t.Error(run)
	}
	if !strings.Contains(run.Reasons[0], "\n  called by ") {
		t.Error(run)
	}
}

func third(numbers []int) int { return numbers[2] }

func TestCleanupsRunHoweverTheCaseEnds(t *testing.T) {
	run := played(t, host, func(t *orbital.T) {
		t.Cleanup(func() { t.Log("first") })
		t.Cleanup(func() { t.FailNow() })
		t.Cleanup(func() { panic("third") })
		t.Fatal("over")
	})
	if len(run.Log) != 1 || len(run.Reasons) != 2 || !strings.HasPrefix(run.Reasons[1], "panicked: third (") {
		t.Error(run)
	}
}

func TestTimeRunsOut(t *testing.T) {
	run := played(t, host, func(t *orbital.T) {
		_, err := t.WaitForWithin("k", 50*time.Millisecond)
		t.Check(errors.Is(err, orbital.ErrTimeout), "got %v", err)
		var wait *orbital.WaitError
		t.Check(errors.As(err, &wait), "got %T", err)
		t.CheckEq(t.TimeLeft(), 250*time.Millisecond)
		t.WaitFor("k")
		t.Error("never")
	}, orbital.Timeout(300*time.Millisecond))
	want(t, run, orbitaltest.Timeout, "timed out after 300ms waiting for a delivery with key `k`")
}

func TestErrorsAreValues(t *testing.T) {
	run := played(t, host, func(t *orbital.T) {
		_, err := t.SendEvent(orbital.Event{Target: "nowhere"})
		t.Check(errors.Is(err, orbital.ErrUnknownTarget), "got %v", err)
		t.CheckEq(err.Error(), "unknown target: no target `nowhere` is configured; those are: `api`")
		_, err = t.SendEvent(orbital.Event{Target: "api", JSON: make(chan int)})
		t.CheckEq(err.Error(), "the request cannot be sent: the body cannot be JSON: json: unsupported type: chan int")
		_, err = t.WaitN(0)
		t.Check(errors.Is(err, orbital.ErrNothingToWaitFor), "got %v", err)
		err = t.Expect("")
		t.Check(errors.Is(err, orbital.ErrInvalidKey), "got %v", err)
		err = t.Expect("k", orbital.Reply{Status: 70000})
		t.Check(errors.Is(err, orbital.ErrInvalidReply), "got %v", err)
		_, err = t.RequireConfig("missing")
		t.CheckEq(err.Error(), "`missing` is not set in the host's configuration of this component")

		answers := t.SendEvents(orbital.Event{Target: "api"}, orbital.Event{Target: "api", JSON: func() {}}, orbital.Event{Target: "nowhere"})
		t.CheckEq(answers[0].Receipt.Status, 202)
		t.Check(errors.Is(answers[1].Err, orbital.ErrInvalidRequest), "got %v", answers[1].Err)
		t.Check(errors.Is(answers[2].Err, orbital.ErrUnknownTarget), "got %v", answers[2].Err)
	})
	want(t, run, orbitaltest.Pass)
}

func TestATargetThatDoesNotAnswer(t *testing.T) {
	broken := orbitaltest.Targets{
		"down": func(orbitaltest.Sent) orbitaltest.Answer {
			return orbitaltest.Answer{Err: errors.New("connection refused")}
		},
		"slow": func(orbitaltest.Sent) orbitaltest.Answer { return orbitaltest.Answer{Took: time.Minute} },
		"full": func(orbitaltest.Sent) orbitaltest.Answer {
			return orbitaltest.Answer{Status: 507, Body: []byte("no room")}
		},
	}
	run := played(t, orbitaltest.Host{Targets: broken}, func(t *orbital.T) {
		_, err := t.Request(orbital.Request{Target: "down"})
		t.Check(errors.Is(err, orbital.ErrUnreachable), "got %v", err)
		t.CheckEq(err.Error(), "the target did not answer: connection refused")
		_, err = t.Request(orbital.Request{Target: "slow", Timeout: time.Second})
		t.Check(errors.Is(err, orbital.ErrTimeout), "got %v", err)
		receipt, err := t.Request(orbital.Request{Target: "full"})
		t.NoError(err)
		t.CheckEq(receipt.Success().Error(), "the target answered 507 with `no room`")
	})
	want(t, run, orbitaltest.Pass)
}

func TestEventuallyTriesWithPausesThatDouble(t *testing.T) {
	tries := 0
	run := played(t, host, func(t *orbital.T) {
		t.NoError(t.Eventually(1500*time.Millisecond, func() error {
			tries++
			return errors.New("the counter is 3")
		}))
	})
	if tries != 9 || run.Duration != 1500*time.Millisecond || !strings.HasPrefix(run.Reasons[0], "the counter is 3, still so after 1.5s (") {
		t.Errorf("%d tries: %s", tries, run)
	}
}

func TestWhatIsLoggedAndMeasured(t *testing.T) {
	run := played(t, host, func(t *orbital.T) {
		t.Log("context", t.RunContext().Environment, t.Name())
		logger := t.Logger().With("a", 1).WithGroup("g")
		logger.Error("bad", "b", 2*time.Second, slog.Group("h", "c", true))
		t.NoError(t.Counter("items_total", 3, orbital.Labels{"kind": "new"}))
	})
	logged := []orbitaltest.Line{
		{Level: "info", Message: "context staging " + t.Name(), Fields: map[string]string{}},
		{Level: "error", Message: "bad", Fields: map[string]string{"a": "1", "g.b": "2s", "g.h.c": "true"}},
	}
	measured := []orbitaltest.Metric{{Kind: "counter", Name: "items_total", Value: 3, Labels: orbital.Labels{"kind": "new"}}}
	if !reflect.DeepEqual(run.Log, logged) || !reflect.DeepEqual(run.Metrics, measured) {
		t.Errorf("%v %v", run.Log, run.Metrics)
	}
}

func TestPlannedRepliesReachTheSystemUnderTest(t *testing.T) {
	var deliver func(reply orbital.Reply) []orbitaltest.Delivery
	deliver = func(reply orbital.Reply) []orbitaltest.Delivery {
		if reply.Status < 300 && reply.Delay == 0 {
			return nil
		}
		return []orbitaltest.Delivery{{After: 100 * time.Millisecond, OnReply: deliver}}
	}
	api := func(orbitaltest.Sent) orbitaltest.Answer {
		return orbitaltest.Answer{Deliveries: deliver(orbital.Reply{Status: 500})}
	}
	run := played(t, orbitaltest.Host{Targets: orbitaltest.Targets{"api": api}}, func(t *orbital.T) {
		t.NoError(t.Expect("k", orbital.Reply{Status: 503}, orbital.Reply{Status: 200, Delay: time.Second}))
		_, err := t.SendEvent(orbital.Event{Target: "api", Key: "k"})
		t.NoError(err)
		deliveries, err := t.WaitN(3, "k")
		t.NoError(err)
		t.CheckEq(deliveries[2].ReceivedAt.Sub(deliveries[0].ReceivedAt), 200*time.Millisecond)
		t.NoError(t.NoDeliveryWithin("k", time.Second))
	})
	want(t, run, orbitaltest.Pass)
}

func TestBodies(t *testing.T) {
	body := []byte(`{"a": {"b/c": [7, null]}, "n": null}`)
	receipt := orbital.Receipt{Body: body}
	var number int
	if err := receipt.Pointer("/a/b~1c/0", &number); err != nil || number != 7 {
		t.Error(number, err)
	}
	for pointer, text := range map[string]string{
		"/a/c":         "no value at `/a/c` in the JSON; it is `" + string(body) + "`",
		"/a/b~1c/2":    "no value at `/a/b~1c/2` in the JSON; it is `" + string(body) + "`",
		"/a/b~1c/00":   "no value at `/a/b~1c/00` in the JSON; it is `" + string(body) + "`",
		"a":            "no value at `a` in the JSON; it is `" + string(body) + "`",
		"/a":           "not the JSON expected: json: cannot unmarshal object into Go value of type int; it is `" + string(body) + "`",
		"/a/b~1c/0/no": "no value at `/a/b~1c/0/no` in the JSON; it is `" + string(body) + "`",
	} {
		if err := receipt.Pointer(pointer, &number); err == nil || err.Error() != text {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	err := orbital.Delivery{Body: []byte("<html>")}.JSON(&number)
	var wrong *orbital.BodyError
	if !errors.As(err, &wrong) || wrong.Beginning != "`<html>`" {
		t.Error(err)
	}
	if err := (orbital.Delivery{}).JSON(&number); !strings.HasSuffix(err.Error(), "it is an empty body") {
		t.Error(err)
	}
}

func TestJSONMayBeUTF16OrHaveAByteOrderMark(t *testing.T) {
	text := `{"name": "Zoë 🎉"}`
	units := func(order binary.AppendByteOrder) string {
		var encoded []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			encoded = order.AppendUint16(encoded, unit)
		}
		return string(encoded)
	}
	big, little := units(binary.BigEndian), units(binary.LittleEndian)
	for _, body := range []string{text, "\xef\xbb\xbf" + text, big, "\xfe\xff" + big, little, "\xff\xfe" + little} {
		var whole struct{ Name string }
		var name string
		delivery := orbital.Delivery{Body: []byte(body)}
		if err := delivery.JSON(&whole); err != nil || whole.Name != "Zoë 🎉" {
			t.Errorf("%q was read as %q, %v", body, whole.Name, err)
		}
		if err := delivery.Pointer("/name", &name); err != nil || name != "Zoë 🎉" {
			t.Errorf("%q was read as %q, %v", body, name, err)
		}
	}
	var any any
	if err := (orbital.Delivery{Body: []byte(big[:len(big)-1])}).JSON(&any); err == nil {
		t.Error("half a character was read")
	}
}

func TestAnErrorOfASocketSaysWhatToSendWith(t *testing.T) {
	refused := &url.Error{Op: "Get", URL: "http://api", Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}}
	for name, end := range map[string]func(*orbital.T){
		"no-error": func(t *orbital.T) { t.NoError(refused) },
		"error":    func(t *orbital.T) { t.Error("no answer:", refused) },
		"fatal":    func(t *orbital.T) { t.Fatalf("no answer: %v", refused) },
	} {
		t.Run(name, func(t *testing.T) {
			run := played(t, orbitaltest.Host{}, end)
			if len(run.Reasons) != 1 || !strings.Contains(run.Reasons[0], "connection refused; a component has no sockets: send with t.SendEvent") {
				t.Error(run)
			}
		})
	}
}
