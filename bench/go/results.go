package main

import (
	"math"
	"slices"
	"sync"
	"time"
)

// kept is how many times are kept until they are read.
const kept = 16_000_000

// results counts runs, and has the times of those since it was last read, in microseconds.
type results struct {
	mutex          sync.Mutex
	passed, failed uint64
	startDelays    []uint32
	durations      []uint32
}

func (r *results) add(startDelay, duration time.Duration, passed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if passed {
		r.passed++
	} else {
		r.failed++
	}
	if len(r.durations) < kept {
		r.startDelays = append(r.startDelays, uint32(startDelay.Microseconds()))
		r.durations = append(r.durations, uint32(duration.Microseconds()))
	}
}

type stats struct {
	Passed     uint64      `json:"passed"`
	Failed     uint64      `json:"failed"`
	StartDelay percentiles `json:"start_delay_us"`
	Duration   percentiles `json:"duration_us"`
}

type percentiles struct {
	P50 *uint32 `json:"p50"`
	P99 *uint32 `json:"p99"`
	Max *uint32 `json:"max"`
}

// take removes all times, and returns their percentiles.
func (r *results) take() stats {
	r.mutex.Lock()
	startDelays, durations := r.startDelays, r.durations
	r.startDelays, r.durations = nil, nil
	stats := stats{Passed: r.passed, Failed: r.failed}
	r.mutex.Unlock()
	stats.StartDelay, stats.Duration = percentilesOf(startDelays), percentilesOf(durations)
	return stats
}

// percentilesOf returns times that at least a part of all times does not exceed. They are null if there are none.
func percentilesOf(times []uint32) percentiles {
	slices.Sort(times)
	at := func(part float64) *uint32 {
		rank := int(math.Ceil(float64(len(times)) * part))
		if rank == 0 {
			return nil
		}
		return &times[rank-1]
	}
	return percentiles{P50: at(0.5), P99: at(0.99), Max: at(1)}
}
