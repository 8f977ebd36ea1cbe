package main

import (
	"runtime"
	"strings"
	"sync"
	"time"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

const (
	piece  = 64 << 10
	rounds = 20
	// More than 64 MiB in all rounds.
	pieces = 64<<20/rounds/piece + 1
)

// latest keeps the compiler from leaving the pieces out.
var latest []byte

func churns(t *orbital.T) {
	for round := range rounds {
		for range pieces {
			latest = make([]byte, piece)
			latest[0] = 1
		}
		t.Logf("round %d", round+1)
	}
}

// receives takes 18 MB of deliveries on three goroutines, while others make garbage and collect it.
func receives(t *orbital.T) {
	// Something to sweep: many blocks, of which most are garbage.
	held := make([][]byte, 0, 2000/40)
	for count := range 2000 {
		if latest = make([]byte, 40<<10); count%40 == 0 {
			held = append(held, latest)
		}
	}
	isOver := false
	for range 3 {
		go func() {
			for !isOver {
				held[0] = make([]byte, piece/2)
				runtime.Gosched()
			}
		}()
		go func() {
			for !isOver {
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		}()
	}
	var receivers sync.WaitGroup
	for range 3 {
		receivers.Go(func() {
			for range 30 {
				receive(t)
			}
		})
	}
	receivers.Wait()
	isOver = true
}

func receive(t *orbital.T) {
	id := t.NewID()
	send(t, id, user{ID: id, Email: strings.Repeat("a", 200_000) + "@example.com"})
	_, err := t.WaitFor(id)
	t.NoError(err)
}
