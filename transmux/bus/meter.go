package bus

import (
	"time"

	"millrace/transmux/av"
)

// meterBuckets of a second each are remembered; the newest is still filling.
const meterBuckets = 5

// meter measures one track: totals, and rates over the last seconds. It is
// guarded by Stream.mu.
type meter struct {
	frames, keyframes, bidirectional, bytes uint64

	buckets   [meterBuckets]bucket
	started   time.Time
	last      time.Time
	lastKey   time.Duration
	lastKeyAt time.Time
	interval  time.Duration
}

type bucket struct {
	second                       int64
	frames, bidirectional, bytes int
	gap                          time.Duration // the longest between two arrivals that ended in it
}

func (m *meter) add(f *av.Frame, size int) {
	if m.started.IsZero() {
		m.started = f.Arrived
	}
	var gap time.Duration
	if !m.last.IsZero() {
		gap = f.Arrived.Sub(m.last)
	}
	m.last = f.Arrived
	m.frames++
	m.bytes += uint64(size)
	second := f.Arrived.Unix()
	b := &m.buckets[uint64(second)%meterBuckets]
	if b.second != second {
		*b = bucket{second: second}
	}
	b.frames++
	b.bytes += size
	b.gap = max(b.gap, gap)
	switch f.Type {
	case av.Key:
		if m.keyframes > 0 {
			m.interval = f.PTS - m.lastKey
		}
		m.keyframes++
		m.lastKey, m.lastKeyAt = f.PTS, f.Arrived
	case av.Bidirectional:
		m.bidirectional++
		b.bidirectional++
	}
}

// snapshot reads the rates over the whole seconds before now.
func (m *meter) snapshot(t *av.Track, now time.Time) TrackSnapshot {
	snap := TrackSnapshot{
		Track: t, Frames: m.frames, Keyframes: m.keyframes, Bidirectional: m.bidirectional,
		Bytes: m.bytes, LastFrame: m.last, KeyframeInterval: m.interval,
	}
	if m.keyframes > 0 {
		snap.KeyframeInterval = max(m.interval, now.Sub(m.lastKeyAt))
		if m.interval > 0 && now.Sub(m.lastKeyAt) < m.interval*3/2 {
			snap.KeyframeInterval = m.interval // the age alone grows with every look
		}
	}
	var sum bucket
	seconds, counted, least, most := 0, 0, 0, 0
	for _, b := range m.buckets {
		age := now.Unix() - b.second
		if age < 1 || age >= meterBuckets || b.second <= m.started.Unix() {
			continue // still filling, too old, or begun in the middle
		}
		if least = min(least, b.frames); counted == 0 {
			least = b.frames
		}
		counted, most = counted+1, max(most, b.frames)
		snap.LongestGap = max(snap.LongestGap, b.gap)
		sum.frames += b.frames
		sum.bytes += b.bytes
		sum.bidirectional += b.bidirectional
	}
	for age := int64(1); age < meterBuckets; age++ {
		if now.Unix()-age > m.started.Unix() {
			seconds++
		}
	}
	if counted < seconds {
		least = 0 // a second has passed in which nothing came
	}
	snap.FrameRateLow, snap.FrameRateHigh = float64(least), float64(most)
	if seconds > 0 {
		snap.FrameRate = float64(sum.frames) / float64(seconds)
		snap.Bitrate = 8 * float64(sum.bytes) / float64(seconds)
	}
	if sum.frames > 0 {
		snap.BShare = float64(sum.bidirectional) / float64(sum.frames)
	}
	return snap
}
