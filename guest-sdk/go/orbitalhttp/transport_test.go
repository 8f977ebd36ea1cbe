package orbitalhttp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitalhttp"
	"github.com/orbital-e2e/orbital/guest-sdk/go/orbitaltest"
)

// played runs a case whose requests this target answers.
func played(t *testing.T, target func(orbitaltest.Sent) orbitaltest.Answer, test func(*orbital.T)) orbitaltest.Run {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", ".")
	orbital.Case(name, orbital.Manual(), test)
	run := orbitaltest.Host{Targets: orbitaltest.Targets{"api": target}}.Run(name)
	if run.Outcome != orbitaltest.Pass {
		t.Error(run)
	}
	return run
}

func TestAGETHasNoBodyAndGetsTheHeadersOfTheAnswer(t *testing.T) {
	answer := orbitaltest.Answer{
		Status:  207,
		Headers: orbital.Headers{"content-type": {"text/plain"}, "set-cookie": {"a=1", "b=2"}},
		Body:    []byte("hello"),
	}
	run := played(t, func(orbitaltest.Sent) orbitaltest.Answer { return answer }, func(t *orbital.T) {
		got, err := orbitalhttp.Client(t, "api").Get("http://anywhere/users/7?a=b")
		t.NoError(err)
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		t.NoError(err)
		t.CheckEq(string(body), "hello")
		t.CheckEq(got.Status, "207 Multi-Status")
		t.CheckEq(got.ContentLength, int64(5))
		t.CheckEq(got.Header.Get("Content-Type"), "text/plain")
		t.CheckEq(len(got.Cookies()), 2)
	})
	sent := run.Sent[0]
	if sent.Method != "GET" || sent.Path != "/users/7?a=b" || len(sent.Body) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestABodyIsSentWithTheHeadersOfTheRequest(t *testing.T) {
	run := played(t, func(orbitaltest.Sent) orbitaltest.Answer { return orbitaltest.Answer{} }, func(t *orbital.T) {
		request, err := http.NewRequest("PUT", "http://api/users", strings.NewReader("ada"))
		t.NoError(err)
		request.Header = http.Header{"X-Tenant": {"7"}, "Connection": {"close"}, "Transfer-Encoding": {"chunked"}}
		got, err := orbitalhttp.Client(t, "api").Do(request)
		t.NoError(err)
		t.CheckEq(got.StatusCode, 200)
	})
	sent := run.Sent[0]
	if sent.Method != "PUT" || string(sent.Body) != "ada" || sent.Headers.Get("x-tenant") != "7" {
		t.Errorf("sent %+v", sent)
	}
	for _, name := range []string{"connection", "content-length", "transfer-encoding"} {
		if sent.Headers.Get(name) != "" {
			t.Errorf("the header %s was sent", name)
		}
	}
}

func TestRedirectsAreFollowedWithinTheTarget(t *testing.T) {
	moves := func(sent orbitaltest.Sent) orbitaltest.Answer {
		if sent.Path == "/old" {
			return orbitaltest.Answer{Status: 302, Headers: orbital.Headers{"location": {"/new"}}}
		}
		return orbitaltest.Answer{Body: []byte(sent.Path)}
	}
	played(t, moves, func(t *orbital.T) {
		got, err := orbitalhttp.Client(t, "api").Get("http://api/old")
		t.NoError(err)
		body, err := io.ReadAll(got.Body)
		t.NoError(err)
		t.CheckEq(string(body), "/new")
	})
}

func TestErrorsAndDeadlinesAreThoseOfTheRun(t *testing.T) {
	slow := func(orbitaltest.Sent) orbitaltest.Answer { return orbitaltest.Answer{Took: 2 * time.Second} }
	played(t, slow, func(t *orbital.T) {
		_, err := orbitalhttp.Client(t, "nowhere").Get("http://nowhere/")
		t.Check(err != nil && strings.Contains(err.Error(), "no target `nowhere` is configured"), "%v", err)

		within, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(within, "GET", "http://api/", nil)
		t.NoError(err)
		_, err = orbitalhttp.Client(t, "api").Do(request)
		t.Check(err != nil && strings.Contains(err.Error(), "did not answer in time"), "%v", err)

		cancel()
		_, err = orbitalhttp.Client(t, "api").Do(request)
		t.Check(err != nil && strings.Contains(err.Error(), "context canceled"), "%v", err)
	})
}
