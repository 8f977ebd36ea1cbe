package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

type address struct {
	Street  string `json:"street"`
	City    string `json:"city"`
	Country string `json:"country"`
}

type event struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Email    string   `json:"email"`
	Name     string   `json:"name"`
	Plan     string   `json:"plan"`
	Seats    int      `json:"seats"`
	Referrer string   `json:"referrer"`
	Address  address  `json:"address"`
	Tags     []string `json:"tags"`
}

type delivery struct {
	ID        string `json:"id"`
	Processed bool   `json:"processed"`
}

// test sends an event, waits for its delivery, and checks it.
type test struct {
	target  string
	client  *http.Client
	router  *router
	results *results
}

func (t *test) run(ctx context.Context) error {
	id := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	if err := t.router.expect(id); err != nil {
		return err
	}
	defer t.router.forget(id)
	event := event{
		ID: id, Type: "signup", Email: "ada@example.com", Name: "Ada Lovelace", Plan: "gold", Seats: 12,
		Referrer: "https://www.example.com/pricing?campaign=autumn",
		Address:  address{Street: "12 St James's Square", City: "London", Country: "GB"},
		Tags:     []string{"trial", "newsletter", "beta"},
	}
	if err := t.send(ctx, event); err != nil {
		return err
	}
	received, err := t.router.wait(ctx, id)
	if err != nil {
		return err
	}
	t.results.resumed(time.Since(received.receivedAt))
	var delivery delivery
	if err := json.Unmarshal([]byte(received.body), &delivery); err != nil {
		return err
	}
	if !delivery.Processed {
		return errors.New("processed should be true")
	}
	return nil
}

func (t *test) send(ctx context.Context, event event) error {
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
