package bus_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// source writes 30 pictures of ten payloads and 50 audio packets a second. The
// frames share their bytes, so that what is measured is the bus.
type source struct {
	pub    *bus.Publisher
	second []*av.Frame
	n      int
	start  time.Time
}

func newSource(tb testing.TB) (*source, *bus.Hub) {
	tb.Helper()
	hub := bus.New(bus.Config{})
	pub, err := hub.Publish(name, bus.PublisherInfo{})
	if err != nil {
		tb.Fatal(err)
	}
	s := &source{pub: pub, start: time.Now()}
	enc := avtest.Encoder{
		Video: pub.SetTrack(avtest.H264Track()), Audio: pub.SetTrack(avtest.AACTrack()),
		Payloads: 10, Start: s.start,
	}
	for range 80 {
		s.second = append(s.second, enc.Next())
	}
	return s, hub
}

func (s *source) write() {
	f := *s.second[s.n%80]
	at := time.Duration(s.n/80) * time.Second
	f.DTS, f.PTS, f.Arrived = f.DTS+at, f.PTS+at, f.Arrived.Add(at)
	s.n++
	s.pub.Write(&f)
}

// viewers joins n viewers of both tracks.
func viewers(tb testing.TB, hub *bus.Hub, n int) []*bus.Subscriber {
	tb.Helper()
	subs := make([]*bus.Subscriber, n)
	for i := range subs {
		sub, err := hub.Subscribe(tb.Context(), name)
		if err != nil {
			tb.Fatal(err)
		}
		sub.Follow(avtest.PublisherTracks(sub.Stream().Catalog()))
		subs[i] = sub
	}
	return subs
}

// serve does what a fan does on waking, but for the sending: it takes each
// viewer's cursors to the live edge.
func serve(subs []*bus.Subscriber) (frames, payloads int) {
	for _, sub := range subs {
		for _, c := range [...]*bus.Cursor{sub.Video(), sub.Audio()} {
			for f := c.Peek(); f != nil; f = c.Peek() {
				frames++
				payloads += len(f.Payloads)
				c.Advance()
			}
		}
	}
	return frames, payloads
}

// BenchmarkFanout writes a frame and serves all viewers, in one goroutine. What
// it allocates is the frame and the channel of Changed, whatever the viewers.
func BenchmarkFanout(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, hub := newSource(b)
			defer hub.Close()
			subs := viewers(b, hub, n)
			b.ReportAllocs()
			frames := 0
			for b.Loop() {
				s.pub.Stream().Changed()
				s.write()
				served, _ := serve(subs)
				frames += served
			}
			if frames != n*s.n {
				b.Fatalf("%d frames served of %d", frames, n*s.n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame/viewer")
		})
	}
}

// BenchmarkFanoutBlocking has a goroutine for each viewer, which waits in Next:
// what a room costs that has no fan.
func BenchmarkFanoutBlocking(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, hub := newSource(b)
			var readers, round sync.WaitGroup
			for _, sub := range viewers(b, hub, n) {
				readers.Go(func() {
					for {
						if _, err := sub.Next(b.Context()); err != nil {
							return
						}
						round.Done()
					}
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				round.Add(n)
				s.write()
				round.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*s.n), "ns/frame/viewer")
			hub.Close()
			readers.Wait()
		})
	}
}

// TestServingAllocatesNothing holds the bus to what the benchmark reports.
func TestServingAllocatesNothing(t *testing.T) {
	s, hub := newSource(t)
	defer hub.Close()
	subs := viewers(t, hub, 100)
	for range 80 {
		s.write()
	}
	serve(subs)
	// The frame itself, the channel, and now and then a bigger ring.
	perFrame := testing.AllocsPerRun(800, func() {
		s.pub.Stream().Changed()
		s.write()
		if frames, _ := serve(subs); frames != len(subs) {
			t.Errorf("%d frames for %d viewers", frames, len(subs))
		}
	})
	if perFrame > 2 {
		t.Errorf("%v allocations a frame for 100 viewers", perFrame)
	}
}
