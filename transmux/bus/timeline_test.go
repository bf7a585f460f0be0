package bus_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestAnchor: wherever the publisher's clock begins, the stream's timeline begins
// a second above zero and keeps the distances.
func TestAnchor(t *testing.T) {
	for _, origin := range []time.Duration{
		0, time.Millisecond, -time.Hour, 1000 * time.Hour, math.MaxInt64 - time.Minute, math.MinInt64,
	} {
		pub := publish(t, bus.New(bus.Config{}))
		video, audio := pub.SetTrack(avtest.H264Track()), pub.SetTrack(avtest.AACTrack())
		key := avtest.Frame(video, av.Key, 0, origin+time.Second, 1)
		key.PTS += 66 * time.Millisecond
		older := avtest.Frame(audio, av.Delta, 0, origin+900*time.Millisecond, 1)
		oldest := avtest.Frame(audio, av.Delta, 0, origin, 1)
		pub.Write(key)
		pub.Write(older)
		if key.DTS != time.Second || key.PTS != 1066*time.Millisecond || older.PTS != 900*time.Millisecond {
			t.Errorf("origin %v: key at %v shown %v, older audio at %v", origin, key.DTS, key.PTS, older.PTS)
		}
		pub.Write(oldest)
		if oldest.PTS < 0 || oldest.PTS > time.Second {
			t.Errorf("origin %v: audio a second older at %v", origin, oldest.PTS)
		}
	}
}

// TestQuickReturn: a publisher that is back at once, and whose second track
// begins before its first, does not go below what viewers have seen.
func TestQuickReturn(t *testing.T) {
	for _, lead := range []time.Duration{0, 15 * time.Millisecond, 300 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, bus.Config{})
			r.enc.BFrames = true
			rec := avtest.Record(t, r.join(), nil)
			r.play(time.Second)
			r.pub.Close()
			r.publish()
			synctest.Wait() // the viewer follows
			r.enc.Origin = time.Minute
			key := r.enc.Next()
			audio := avtest.Frame(r.audio, av.Delta, 0, key.DTS-lead, 1)
			r.pub.Write(key)
			r.pub.Write(audio)
			synctest.Wait()
			checkViewer(t, rec.Frames())
			if audio.Generation != 2 || audio.PTS > key.PTS && lead > 20*time.Millisecond && audio.PTS-key.PTS > 100*time.Millisecond {
				t.Errorf("lead %v: key at %v, audio at %v", lead, key.PTS, audio.PTS)
			}
		})
	}
}

// TestDerivedPTSCounts: a derived track may reach further than its source did.
func TestDerivedPTSCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.join()
		d := r.pub.Stream().Derive(av.Track{Kind: av.Audio, Codec: av.Opus, DerivedFrom: r.audio.ID})
		r.play(time.Second)
		late := avtest.Frame(d.Track(), av.Delta, 0, 10*time.Second, 1)
		d.Write(late)
		r.pub.Close()
		r.publish()
		key := r.enc.Next()
		r.pub.Write(key)
		if key.PTS <= late.PTS {
			t.Errorf("the next generation begins at %v, below %v", key.PTS, late.PTS)
		}
	})
}

// TestGenerationsKeepWallDistance: the gap without a publisher is a gap of the timeline.
func TestGenerationsKeepWallDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.join()
		r.play(time.Second)
		r.pub.Close()
		time.Sleep(7 * time.Second)
		r.publish()
		key := r.enc.Next()
		r.pub.Write(key)
		if want := 9 * time.Second; key.DTS != want { // 1 s start, 1 s played, 7 s gone
			t.Errorf("the next generation begins at %v, want %v", key.DTS, want)
		}
		if wall := r.pub.Stream().Wall(key.DTS); !wall.Equal(key.Arrived) {
			t.Errorf("Wall gives %v for a frame of %v", wall, key.Arrived)
		}
	})
}

// TestArrivedZero: a frame that nobody stamped came now.
func TestArrivedZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		d := r.pub.Stream().Derive(av.Track{Kind: av.Audio, Codec: av.Opus, DerivedFrom: r.audio.ID})
		r.enc.Start = time.Time{}
		f, g := r.enc.Next(), avtest.Frame(d.Track(), av.Delta, 0, time.Second, 1)
		r.pub.Write(f)
		d.Write(g)
		now := time.Now()
		if !f.Arrived.Equal(now) || !g.Arrived.Equal(now) || f.DTS != time.Second {
			t.Errorf("arrived %v and %v, at %v", f.Arrived, g.Arrived, f.DTS)
		}
	})
}

// TestArrivedBefore1970 is a box whose clock was never set.
func TestArrivedBefore1970(t *testing.T) {
	pub := publish(t, bus.New(bus.Config{}))
	video := pub.SetTrack(avtest.H264Track())
	f := avtest.Frame(video, av.Key, 0, 0, 1)
	f.Arrived = time.Unix(-3, 0)
	pub.Write(f)
	if f.DTS != time.Second {
		t.Errorf("at %v", f.DTS)
	}
}

// TestWall: jitter does not move the line; a clock that is really slower does.
func TestWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		s := r.pub.Stream()
		start := time.Now()
		for i := range 3000 {
			f := r.enc.Next()
			if i%3 != 0 {
				f.Arrived = f.Arrived.Add(30 * time.Millisecond)
			}
			r.pub.Write(f)
		}
		if off := s.Wall(time.Second).Sub(start); off < 0 || off > 5*time.Millisecond {
			t.Errorf("jitter of 30 ms moved the line by %v", off)
		}
		for range 80 * 120 {
			f := r.enc.Next()
			f.Arrived = f.Arrived.Add(100 * time.Millisecond)
			r.pub.Write(f)
		}
		if off := s.Wall(time.Second).Sub(start); off < 95*time.Millisecond || off > 100*time.Millisecond {
			t.Errorf("two minutes of 100 ms moved the line by %v", off)
		}
	})
}

// TestEdge: the live edge runs with the clock, and stops where frames do.
func TestEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		s := r.pub.Stream()
		r.play(time.Second)
		// A frame that was long in the making says nothing of the edge.
		d := s.Derive(opusOf(r.audio))
		late := avtest.Frame(d.Track(), av.Delta, 0, 1500*time.Millisecond, 1)
		late.Arrived = time.Now().Add(-500 * time.Millisecond)
		d.Write(late)
		for _, tt := range []struct{ after, live, edge time.Duration }{
			{0, 2 * time.Second, 2 * time.Second},
			{50 * time.Millisecond, 2050 * time.Millisecond, 2050 * time.Millisecond},
			{5 * time.Second, 7 * time.Second, 2100 * time.Millisecond},
		} {
			now := time.Now().Add(tt.after)
			if live, edge := s.Live(now), s.Edge(now); live != tt.live || edge != tt.edge {
				t.Errorf("after %v: live %v, edge %v; want %v, %v", tt.after, live, edge, tt.live, tt.edge)
			}
		}
	})
}
