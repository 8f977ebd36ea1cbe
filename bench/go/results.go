package main

import (
	"math"
	"slices"
	"sync"
	"time"
)

// kept is how many times are kept.
const kept = 16_000_000

// results counts runs, and has their times in microseconds.
type results struct {
	mutex          sync.Mutex
	passed, failed uint64
	startDelays    []uint32
	resumes        []uint32
	durations      []uint32
}

// resumed adds the time from a delivery to the next statement of the run that waited for it.
func (r *results) resumed(after time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.resumes) < kept {
		r.resumes = append(r.resumes, uint32(after.Microseconds()))
	}
}

// ended adds a run.
func (r *results) ended(startDelay, duration time.Duration, passed bool) {
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
	Resume     percentiles `json:"resume_us"`
	Duration   percentiles `json:"duration_us"`
}

type percentiles struct {
	P50 *uint32 `json:"p50"`
	P99 *uint32 `json:"p99"`
	Max *uint32 `json:"max"`
}

// reset forgets all times.
func (r *results) reset() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.startDelays, r.resumes, r.durations = nil, nil, nil
}

func (r *results) stats() stats {
	r.mutex.Lock()
	startDelays, resumes := slices.Clone(r.startDelays), slices.Clone(r.resumes)
	durations := slices.Clone(r.durations)
	stats := stats{Passed: r.passed, Failed: r.failed}
	r.mutex.Unlock()
	stats.StartDelay, stats.Resume = percentilesOf(startDelays), percentilesOf(resumes)
	stats.Duration = percentilesOf(durations)
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
