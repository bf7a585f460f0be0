package bus_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// stress is a small ring that is overrun all the time: one publisher in three
// generations, one deriver, readers that dawdle, and people who look on.
const (
	stressReaders     = 50
	stressGenerations = 3
	stressFrames      = 2000 // a generation
)

func TestStress(t *testing.T) {
	hub := bus.New(bus.Config{
		MaxFrames: 600, History: 5 * time.Millisecond, MaxLag: 5 * time.Millisecond,
		Linger: time.Hour,
	})
	pub := publish(t, hub)
	stream := pub.Stream()
	var wg sync.WaitGroup
	var served atomic.Int32 // readers that have got something
	for i := range stressReaders {
		sub := subscribe(t, hub)
		read := readByPoll
		if i%2 == 0 {
			read = readByNext
		}
		pick := avtest.PublisherTracks
		if i%5 == 0 {
			pick = avtest.DerivedTracks
		}
		wg.Go(func() {
			check := &stressCheck{t: t, served: &served}
			if err := read(sub, pick, check); !errors.Is(err, bus.ErrShutdown) {
				t.Errorf("reader %d ended with %v", i, err)
			}
		})
	}
	wg.Go(func() { deriveAll(stream) })
	wg.Go(func() { // somebody looks on, comes and goes
		for stream.Err() == nil {
			hub.Streams()
			stream.RequestKeyframe()
			if sub, err := hub.Subscribe(t.Context(), name); err == nil {
				sub.Follow(avtest.PublisherTracks(stream.Catalog()))
				sub.Poll()
				sub.Close()
			}
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		defer hub.Close()
		deadline := time.Now().Add(30 * time.Second)
		for i := 0; i < stressGenerations || served.Load() < stressReaders; i++ {
			if time.Now().After(deadline) {
				t.Errorf("%d of %d readers got something", served.Load(), stressReaders)
				return
			}
			writeAll(pub)
			pub.Close()
			pub = publish(t, hub)
		}
	})
	wg.Wait()
	if n := hub.Totals().GOPDrops; n == 0 {
		t.Error("nobody was overtaken; the test tests nothing")
	}
}

func writeAll(pub *bus.Publisher) {
	enc := avtest.Encoder{
		Video: pub.SetTrack(avtest.H264Track()), Audio: pub.SetTrack(avtest.AACTrack()),
		GOP: 30, Payloads: 1,
	}
	for i := range stressFrames {
		pub.Write(enc.Next())
		if i%200 == 0 {
			pub.SetTrack(*enc.Video)
		}
		if i%20 == 0 {
			runtime.Gosched()
		}
	}
}

// deriveAll makes a video and an audio track of each generation's audio.
func deriveAll(stream *bus.Stream) {
	for stream.Err() == nil {
		changed := stream.Changed()
		_, source := avtest.PublisherTracks(stream.Catalog())
		if source == 0 {
			<-changed
			continue
		}
		tap := stream.Tap()
		tap.Follow(0, source)
		audio := stream.Derive(av.Track{Kind: av.Audio, Codec: av.Opus, DerivedFrom: source})
		video := stream.Derive(av.Track{Kind: av.Video, Codec: av.H264, DerivedFrom: source})
		deriveFrom(tap, audio, video)
		audio.Close()
		video.Close()
		tap.Close()
	}
}

func deriveFrom(tap *bus.Subscriber, audio, video *bus.Derived) {
	for n := uint64(0); ; n++ {
		changed := tap.Stream().Changed()
		f := tap.Poll()
		if f == nil {
			if tap.Stream().Err() != nil || tap.Stream().Catalog().Track(audio.Track().ID) == nil {
				return
			}
			<-changed
			n--
			continue
		}
		typ := av.Delta
		if n%30 == 0 {
			typ = av.Key
		}
		if !audio.Write(avtest.Frame(audio.Track(), av.Delta, n, f.PTS, 1)) ||
			!video.Write(avtest.Frame(video.Track(), typ, n, f.PTS, 1)) {
			return
		}
	}
}

type trackPicker func(*bus.Catalog) (video, audio av.TrackID)

func readByPoll(sub *bus.Subscriber, pick trackPicker, check *stressCheck) error {
	stream := sub.Stream()
	for {
		changed, err := stream.Changed(), stream.Err()
		sub.Follow(pick(stream.Catalog()))
		for f := sub.Poll(); f != nil; f = sub.Poll() {
			check.frame(sub, f)
			dawdle()
		}
		if err != nil {
			return err
		}
		<-changed
	}
}

func readByNext(sub *bus.Subscriber, pick trackPicker, check *stressCheck) error {
	for {
		sub.Follow(pick(sub.Stream().Catalog()))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		f, err := sub.Next(ctx)
		cancel()
		switch {
		case err == nil:
			check.frame(sub, f)
		case !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		dawdle()
	}
}

func dawdle() {
	switch n := rand.IntN(1000); {
	case n < 5:
		time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
	case n < 100:
		runtime.Gosched()
	}
}

// stressCheck checks one reader's frames as they come.
type stressCheck struct {
	t          *testing.T
	served     *atomic.Int32
	frames     int
	seq        uint64
	generation uint32
	furthest   time.Duration
	floor      time.Duration
	entries    [2]uint32
	index      [2]uint64
}

func (c *stressCheck) frame(sub *bus.Subscriber, f *av.Frame) {
	if c.frames > 0 && f.Seq <= c.seq {
		// Following a track anew begins at its newest keyframe, which may be
		// older than the other track's last frame; nothing else goes back.
		if f.Track.Kind != av.Video || f.Type != av.Key || sub.Video().Entries() == c.entries[0] {
			c.t.Errorf("frame %d after %d", f.Seq, c.seq)
		}
	}
	if f.Generation < c.generation {
		c.t.Errorf("generation %d after %d", f.Generation, c.generation)
	}
	if f.Generation > c.generation {
		c.generation, c.floor = f.Generation, c.furthest
	}
	if f.PTS < c.floor {
		c.t.Errorf("PTS %v in generation %d, after %v", f.PTS, f.Generation, c.floor)
	}
	c.furthest = max(c.furthest, f.PTS)

	kind, entries := 0, sub.Video().Entries()
	if f.Track.Kind == av.Audio {
		kind, entries = 1, sub.Audio().Entries()
	}
	entered := entries != c.entries[kind]
	if entered && kind == 0 && f.Type != av.Key {
		c.t.Errorf("frame %d after a jump is no keyframe", f.Seq)
	}
	if !entered && avtest.Index(f) != c.index[kind]+1 {
		c.t.Errorf("frame %d is number %d of its track, after %d", f.Seq, avtest.Index(f), c.index[kind])
	}
	if c.frames++; c.frames == 1 {
		c.served.Add(1)
	}
	c.seq, c.entries[kind], c.index[kind] = f.Seq, entries, avtest.Index(f)
}
