// A tester that works as the original does: a goroutine per run, a handler of net/http, and a map of channels under one
// mutex. It has one client that keeps its connections, and no middleware. The host is compared with it, so each choice
// here is the one that costs less.
//
// The options and the statistics are those of `bench-tester`.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "", "the address of the webhook")
	target := flag.String("target", "", "the URL to send events to")
	rate := flag.Float64("rate", 0, "how many runs to start per second")
	runs := flag.Uint64("runs", 1<<63, "how many runs to start")
	flag.Parse()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		log.Fatal(err)
	}
	results := &results{}
	router := newRouter()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
	test := &test{target: *target, client: client, router: router, results: results}
	service := &service{test: test.run, results: results, output: devNull, done: make(chan struct{})}

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("POST /hooks/bench", &webhook{router: router})
	http.HandleFunc("GET /stats", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(results.stats())
	})
	http.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		results.reset()
	})
	go http.Serve(listener, nil)
	fmt.Printf("listening on http://%s\n", listener.Addr())

	go service.startRuns(*rate, *runs)
	<-stop
	close(service.done)
}

// service starts runs.
type service struct {
	test    func(context.Context) error
	results *results
	output  io.Writer
	done    chan struct{}
}

// startRuns starts runs evenly. It counts due times, not wake-ups: a ticker would skip some.
func (s *service) startRuns(rate float64, runs uint64) {
	began := time.Now()
	for number := uint64(0); number < runs; number++ {
		due := began.Add(time.Duration(float64(number) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		ctx, cancel := context.WithCancel(context.Background())
		complete := make(chan struct{})
		go func() {
			s.run(ctx, due)
			close(complete)
		}()
		// Cancels the run when the process stops.
		go func() {
			select {
			case <-s.done:
			case <-complete:
			}
			cancel()
		}()
	}
}

func (s *service) run(ctx context.Context, due time.Time) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	err := s.test(ctx)
	duration := time.Since(started)
	s.results.ended(started.Sub(due), duration, err == nil)
	if err != nil {
		fmt.Fprintf(s.output, "--- FAIL: smoke (%s)\n", duration)
	} else {
		fmt.Fprintf(s.output, "--- PASS: smoke (%s)\n", duration)
	}
}
