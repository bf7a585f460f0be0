package api

import (
	"encoding/json"
	"testing"
	"time"
)

// TestPast: the samples are those of the last ten minutes, in their order, and no more
// are kept.
func TestPast(t *testing.T) {
	var p past
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if !p.due(begun) || len(p.list()) != 0 {
		t.Error("nothing is known and nothing is wanted")
	}
	for i := range 2*pastSamples + 7 {
		now := begun.Add(time.Duration(i) * pastEvery)
		if !p.due(now.Add(-100 * time.Millisecond)) {
			t.Fatalf("sample %d is not due", i)
		}
		p.take(PastSample{At: now, Viewers: i}, now)
		if p.due(now.Add(pulseInterval)) {
			t.Fatalf("another one is due after sample %d", i)
		}
		all := p.list()
		if len(all) != min(i+1, pastSamples) || cap(p.samples) > 2*pastSamples {
			t.Fatalf("%d samples, room for %d", len(all), cap(p.samples))
		}
		for j, s := range all {
			if s.Viewers != i-len(all)+1+j {
				t.Fatalf("sample %d of %d is number %d", j, len(all), s.Viewers)
			}
		}
	}
}

// TestOverviewHistory: what the overview says is in the history a moment later.
func TestOverviewHistory(t *testing.T) {
	hub, a, site := newSite(t)
	publish(t, hub, "live/a")
	read := func() (h Past) {
		w := get(site, "GET", "/api/v1/overview/history")
		if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		return h
	}
	if h := read(); h.Samples == nil || len(h.Samples) != 0 || h.Every != 2 {
		t.Errorf("before anything was: %+v", h)
	}
	now := time.Now()
	a.sample(now)
	a.sample(now.Add(time.Second)) // too early
	a.sample(now.Add(2 * time.Second))
	h := read()
	if len(h.Samples) != 2 || h.Samples[0].Publishers != 1 || h.Samples[0].Memory == 0 || h.Samples[1].At.Sub(h.Samples[0].At) != 2*time.Second {
		t.Errorf("%+v", h)
	}
}
