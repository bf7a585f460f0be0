package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

// recorder is a viewer that keeps what it gets.
type recorder struct {
	*peer.Viewer
	mu      sync.Mutex
	units   []peer.AccessUnit
	sounds  []sound
	reports []peer.Report
}

// sound is one Opus packet.
type sound struct {
	timestamp uint32
	payload   []byte
	arrived   time.Time
}

func (g *gateway) options() peer.Options { return peer.Options{Listen: "127.0.0.1:0"} }

// watch joins a stream until the test ends.
func (g *gateway) watch(ctx context.Context, name string) *recorder {
	g.t.Helper()
	r := &recorder{}
	o := g.options()
	o.OnAccessUnit = func(u peer.AccessUnit) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.units = append(r.units, u)
	}
	o.OnPacket = func(p peer.Packet) {
		if p.Kind != av.Audio {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sounds = append(r.sounds, sound{p.RTP.Timestamp, slices.Clone(p.RTP.Payload), p.Arrived})
	}
	o.OnReport = func(p peer.Report) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.reports = append(r.reports, p)
	}
	v, err := peer.Watch(ctx, g.whep(name), o)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Viewer = v
	g.t.Cleanup(func() { r.leave(g.t) })
	return r
}

func (r *recorder) leave(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// video is what has come so far.
func (r *recorder) video() []peer.AccessUnit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.units)
}

func (r *recorder) audio() []sound {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sounds)
}

// more waits until so many further pictures have come.
func (r *recorder) more(t *testing.T, n int) {
	t.Helper()
	want := len(r.video()) + n
	if err := poll(t.Context(), patience, func() bool { return len(r.video()) >= want }); err != nil {
		t.Fatalf("%d of %d pictures came; the session: %v", len(r.video()), want, r.Err())
	}
}

// report returns the newest sender report of a kind, waiting for the first.
func (r *recorder) report(t *testing.T, k av.Kind) peer.Report {
	t.Helper()
	if err := poll(t.Context(), patience, func() bool { return r.Stats(k).Reports > 0 }); err != nil {
		t.Fatalf("no sender report for %s", k)
	}
	return r.Stats(k).LastReport
}

// flawless wants of both tracks what loopback can give: everything once, in
// order, with time going forward.
func flawless(t *testing.T, v *peer.Viewer) {
	t.Helper()
	for _, k := range []av.Kind{av.Video, av.Audio} {
		if s := v.Stats(k); s.Lost+s.Duplicates+s.Reordered+s.Jumps+s.Backward != 0 {
			t.Errorf("%s: of %d packets lost %d, twice %d, out of order %d, leaps %d, timestamps back %d",
				k, s.Packets, s.Lost, s.Duplicates, s.Reordered, s.Jumps, s.Backward)
		}
	}
}

// flawless also wants a decoder's view of it: a whole keyframe with its parameter
// sets first, every picture whole, each later than the one before.
func (r *recorder) flawless(t *testing.T) {
	t.Helper()
	flawless(t, r.Viewer)
	units := r.video()
	if len(units) == 0 {
		t.Error("no picture")
		return
	}
	if u := units[0]; !u.Key || !u.Parameters || !u.Complete {
		t.Errorf("the first picture is no whole keyframe with SPS and PPS in front: %s", describe(u))
	}
	for i, u := range units {
		if !u.Complete {
			t.Errorf("picture %d is damaged: %s", i, describe(u))
		}
		if i > 0 && int32(u.Timestamp-units[i-1].Timestamp) <= 0 {
			t.Errorf("picture %d is not later than the one before: %d after %d", i, u.Timestamp, units[i-1].Timestamp)
		}
	}
}

func describe(u peer.AccessUnit) string {
	var kinds []string
	for _, n := range u.NALUs {
		kinds = append(kinds, fmt.Sprint(n[0]&0x1F))
	}
	return fmt.Sprintf("units %s in %d packets, key %t, parameters %t, complete %t", strings.Join(kinds, " "), u.Packets, u.Key, u.Parameters, u.Complete)
}

// captured is when something came to the gateway, by the sender report's word.
func captured(timestamp uint32, clock int, by peer.Report) time.Time {
	// NTP counts from 1900 (RFC 5905 section 6).
	const toUnix = 2208988800
	seconds := int64(by.SR.NTPTime>>32) - toUnix
	nanos := int64(by.SR.NTPTime&0xFFFFFFFF) * int64(time.Second) >> 32
	return time.Unix(seconds, nanos).Add(time.Duration(int32(timestamp-by.SR.RTPTime)) * time.Second / time.Duration(clock))
}

// behind is how old a picture or sound was when it came.
func behind(timestamp uint32, arrived time.Time, clock int, by peer.Report) time.Duration {
	return arrived.Sub(captured(timestamp, clock, by))
}

// quantile of sorted or unsorted durations; 0.5 is the median, 1 the worst.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Clone(d)
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}
