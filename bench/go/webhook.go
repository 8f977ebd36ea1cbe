package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// delivered is a request that the webhook received.
type delivered struct {
	remoteAddress string
	method        string
	protocol      string
	url           string
	header        http.Header
	body          string
	receivedAt    time.Time
}

// webhook passes requests to the runs that wait for them.
type webhook struct {
	router *router
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 30000))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.router.deliver(id(body), delivered{
		remoteAddress: r.RemoteAddr,
		method:        r.Method,
		protocol:      r.Proto,
		url:           r.URL.String(),
		header:        r.Header.Clone(),
		body:          string(body),
		receivedAt:    time.Now().UTC(),
	})
}

// id returns the value of the first field `id`. All bodies begin with it, so nothing can find it faster.
func id(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"id":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

// router has a channel for each id that a run expects.
type router struct {
	mutex    sync.Mutex
	channels map[string]chan delivered
}

func newRouter() *router {
	return &router{channels: make(map[string]chan delivered)}
}

func (r *router) expect(id string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, ok := r.channels[id]; ok {
		return fmt.Errorf("id %s is expected already", id)
	}
	// With room for one, because the delivery may arrive before the run waits.
	r.channels[id] = make(chan delivered, 1)
	return nil
}

func (r *router) forget(id string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.channels, id)
}

// deliver drops a delivery that no run expects, and further ones of the same id.
func (r *router) deliver(id string, delivered delivered) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	channel, ok := r.channels[id]
	if !ok {
		return
	}
	select {
	case channel <- delivered:
	default:
	}
}

func (r *router) wait(ctx context.Context, id string) (delivered, error) {
	r.mutex.Lock()
	channel, ok := r.channels[id]
	r.mutex.Unlock()
	if !ok {
		return delivered{}, fmt.Errorf("id %s is not expected", id)
	}
	select {
	case received := <-channel:
		return received, nil
	case <-ctx.Done():
		return delivered{}, ctx.Err()
	}
}
