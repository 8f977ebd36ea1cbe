package main

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func logs(t *orbital.T) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for index, name := range []string{"debug", "info", "warn", "error"} {
		t.Logger().Log(context.Background(), levels[index], "level "+name, "n", index+1)
	}
	fmt.Println("printed")
	fmt.Fprintln(os.Stderr, "complained")
}

func nonUTF8(*orbital.T) {
	os.Stdout.Write([]byte{0xff, 0xfe, '\n'})
}

func metrics(t *orbital.T) {
	t.NoError(t.Counter("items_total", 3, orbital.Labels{"kind": "new"}))
	t.NoError(t.Gauge("depth", 7, nil))
	t.NoError(t.Histogram("spread_seconds", 0.5, nil))
}

func config(t *orbital.T) {
	greeting, err := t.RequireConfig("greeting")
	t.NoError(err)
	t.Log(greeting)
	_, err = t.RequireConfig("missing")
	t.NoError(err)
}

func runContext(t *orbital.T) {
	run := t.RunContext()
	t.Log("context", run.Case, run.Attempt, run.Environment)
}

const invalid = "got \x8b\xff"

func invalidText(t *orbital.T) {
	t.Logger().Info(invalid, "n", invalid)
	t.NoError(t.Expect(invalid + t.NewID()))
	asked, err := t.Request(orbital.Request{Target: "encodings", Path: "/\x8b\xff"})
	t.NoError(err)
	t.Log(string(asked.Body))
	t.NoError(t.Counter("invalid_text_total", 1, orbital.Labels{"kind": invalid}))
	t.Config(invalid)
	t.Errorf("got %s", []byte{0x8b, 0xff})
}

func invalidEnd(*orbital.T) { panic(invalid) }

// generator is made when the instance starts, which is when a run begins.
var generator = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))

func random(t *orbital.T) {
	t.Log(rand.Uint64())
	t.Log(generator.Uint64())
	t.Log(cryptorand.Text())
}
