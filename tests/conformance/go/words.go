package main

import (
	"context"
	"fmt"
	"log/slog"
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
