package bus_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

var modelSeed = flag.Uint64("bus.seed", 0, "seed of TestModel; 0 takes a new one")

// TestModel does random things to a stream and to the model, and expects the
// same of both.
func TestModel(t *testing.T) {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d (go test -run TestModel -bus.seed N)", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		synctest.Test(t, func(t *testing.T) {
			w := newModelWorld(t, rnd)
			for range 500 {
				w.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// modelWorld is a stream with some readers, beside a model of both.
type modelWorld struct {
	t       *testing.T
	rnd     *rand.Rand
	hub     *bus.Hub
	m       *model
	pub     *bus.Publisher
	own     []*av.Track
	derived []*bus.Derived
	dts     time.Duration
	gop     int // pictures, on average
	readers []modelReader
}

type modelReader struct {
	sub          *bus.Subscriber
	video, audio *modelCursor
}

func newModelWorld(t *testing.T, rnd *rand.Rand) *modelWorld {
	cfg := bus.Config{
		MaxBytes:  []int{5000, 1 << 20, 1 << 30}[rnd.IntN(3)],
		MaxFrames: []int{1, 2, 30, 511, 512, 513, 2000}[rnd.IntN(7)],
		History:   time.Duration(1+rnd.IntN(3000)) * time.Millisecond,
		MaxLag:    time.Duration(1+rnd.IntN(3000)) * time.Millisecond,
		Linger:    10_000 * time.Hour,
	}
	w := &modelWorld{
		t: t, rnd: rnd, hub: bus.New(cfg), gop: []int{5, 50, 2000}[rnd.IntN(3)],
		m: &model{cfg: cfg, tracks: map[av.TrackID]*modelTrack{}},
	}
	t.Cleanup(w.hub.Close)
	w.publish()
	for range 4 {
		w.readers = append(w.readers, modelReader{subscribe(t, w.hub), &modelCursor{m: w.m}, &modelCursor{m: w.m}})
	}
	return w
}

func (w *modelWorld) publish() {
	w.pub = publish(w.t, w.hub)
	w.own, w.derived = nil, nil
	for _, t := range w.m.tracks {
		t.gone = true
	}
	w.announce(avtest.H264Track())
	w.announce(avtest.AACTrack())
}

func (w *modelWorld) announce(t av.Track) {
	track := w.pub.SetTrack(t)
	w.own = append(w.own, track)
	w.m.tracks[track.ID] = &modelTrack{track: track}
}

func (w *modelWorld) step() {
	switch n := w.rnd.IntN(1000); {
	case n < 500:
		for range 1 + w.rnd.IntN(30) {
			w.write()
		}
	case n < 800:
		w.read()
	case n < 900:
		time.Sleep(time.Duration(w.rnd.IntN(200)) * time.Millisecond)
	case n < 930:
		r := w.readers[w.rnd.IntN(len(w.readers))]
		video, audio := w.anyTrack(av.Video), w.anyTrack(av.Audio)
		r.sub.Follow(video, audio)
		r.video.follow(video)
		r.audio.follow(audio)
	case n < 950:
		w.derive()
	case n < 952:
		w.pub.Close()
		w.publish()
	case n < 954:
		time.Sleep(time.Duration(w.rnd.IntN(20)) * time.Second)
	case n < 957:
		w.own[0] = w.pub.SetTrack(*w.own[0])
	}
	w.checkRing()
}

func (w *modelWorld) write() {
	w.dts += time.Duration(w.rnd.IntN(40)) * time.Millisecond
	if w.rnd.IntN(4) == 0 && len(w.derived) > 0 {
		d := w.derived[w.rnd.IntN(len(w.derived))]
		f := w.frame(d.Track())
		if !d.Write(f) {
			w.t.Errorf("track %d takes no frames", d.Track().ID)
		}
		w.m.write(f)
		return
	}
	f := w.frame(w.own[w.rnd.IntN(len(w.own))])
	w.pub.Write(f)
	w.m.write(f)
}

func (w *modelWorld) frame(track *av.Track) *av.Frame {
	typ := av.Delta
	if track.Kind == av.Video && w.rnd.IntN(w.gop) == 0 {
		typ = av.Key
	}
	f := avtest.Frame(track, typ, 0, w.dts, w.rnd.IntN(4))
	f.Arrived = time.Now()
	return f
}

func (w *modelWorld) read() {
	r := w.readers[w.rnd.IntN(len(w.readers))]
	for range w.rnd.IntN(40) {
		var got, want *av.Frame
		switch w.rnd.IntN(3) {
		case 0:
			got, want = r.sub.Video().Peek(), r.video.peek()
		case 1:
			got, want = r.sub.Audio().Peek(), r.audio.peek()
		default:
			got, want = r.sub.Poll(), poll(r.video, r.audio)
		}
		if got != want || r.sub.Video().Waiting() != r.video.waiting {
			w.t.Errorf("got %s, want %s; waiting %v, want %v",
				avtest.Describe(got), avtest.Describe(want), r.sub.Video().Waiting(), r.video.waiting)
		}
	}
}

// derive begins a derived track or ends one.
func (w *modelWorld) derive() {
	if len(w.derived) < 3 {
		t := []av.Track{avtest.H264Track(), avtest.OpusTrack()}[w.rnd.IntN(2)]
		t.DerivedFrom = w.own[0].ID
		d := w.pub.Stream().Derive(t)
		w.derived = append(w.derived, d)
		w.m.tracks[d.Track().ID] = &modelTrack{track: d.Track()}
		return
	}
	d := w.derived[0]
	d.Close()
	w.derived = slices.Delete(w.derived, 0, 1)
	w.m.tracks[d.Track().ID].gone = true
}

// anyTrack is any of the kind there ever was, or none.
func (w *modelWorld) anyTrack(kind av.Kind) av.TrackID {
	id := av.TrackID(w.rnd.IntN(len(w.m.tracks) + 1))
	if w.rnd.IntN(2) == 0 {
		id = w.own[w.rnd.IntN(2)].ID
	}
	if t := w.m.tracks[id]; t == nil || t.track.Kind != kind {
		return 0
	}
	return id
}

func (w *modelWorld) checkRing() {
	snap, _ := w.hub.Stream(name)
	if got, want := uint64(snap.RingFrames), w.m.head()-w.m.tail; got != want || snap.RingBytes != w.m.bytes {
		w.t.Errorf("ring of %d frames, %d bytes; want %d, %d", got, snap.RingBytes, want, w.m.bytes)
	}
	if snap.Frames != w.m.head() || snap.GOPDrops != w.m.drops {
		w.t.Errorf("%d frames, %d drops; want %d, %d", snap.Frames, snap.GOPDrops, w.m.head(), w.m.drops)
	}
}
