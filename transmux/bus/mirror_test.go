package bus_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// copier carries a stream from one hub into another, as a link does.
type copier struct {
	t      *testing.T
	mirror *bus.Mirror
	tracks map[av.TrackID]*av.Track
}

func newCopier(t *testing.T, hub *bus.Hub) *copier {
	t.Helper()
	m, err := hub.Mirror(name)
	if err != nil {
		t.Fatal(err)
	}
	return &copier{t: t, mirror: m, tracks: map[av.TrackID]*av.Track{}}
}

// set takes over the origin's catalog.
func (c *copier) set(s *bus.Stream, start time.Duration) bool {
	cat := s.Catalog()
	o := cat.Origin
	e := bus.Edition{Epoch: o.Epoch, Generation: cat.Generation - o.Generations, Live: cat.Live, Start: start}
	for _, t := range cat.Tracks {
		track := *t
		track.ID -= o.IDs
		if track.DerivedFrom != 0 {
			track.DerivedFrom -= o.IDs
		}
		e.Tracks = append(e.Tracks, track)
	}
	local := c.mirror.Set(e)
	for i := range local {
		c.tracks[e.Tracks[i].ID] = local[i]
	}
	return local != nil
}

// write copies frames; o is what the hub they come from adds to the origin's numbers.
func (c *copier) write(o bus.Origin, frames ...*av.Frame) (written int) {
	for _, f := range frames {
		g := &av.Frame{
			Track: c.tracks[f.Track.ID-o.IDs], Type: f.Type, PTS: f.PTS - o.Shift, DTS: f.DTS - o.Shift, Arrived: f.Arrived,
			Parts: f.Parts, Payloads: f.Payloads, Generation: f.Generation - o.Generations, Origin: f.Origin,
		}
		if g.Track != nil && c.mirror.Write(g) {
			written++
		}
	}
	return written
}

// TestMirrorIsTheSame: tracks, numbers and times are the origin's, over two hops,
// and a frame that comes twice is written once.
func TestMirrorIsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		edge := bus.New(bus.Config{})
		defer edge.Close()
		c := newCopier(t, edge)
		if _, err := edge.Subscribe(t.Context(), name); !errors.Is(err, bus.ErrNotLive) {
			t.Fatalf("a mirror without a catalog can be joined: %v", err)
		}
		c.set(r.pub.Stream(), 0)
		copied := avtest.Record(t, subscribe(t, edge), nil)
		r.play(time.Second)
		synctest.Wait()
		frames := rec.Frames()
		if n := c.write(bus.Origin{}, frames...); n != len(frames) {
			t.Fatalf("%d of %d written", n, len(frames))
		}
		if n := c.write(bus.Origin{}, frames...); n != 0 {
			t.Fatalf("%d written twice", n)
		}
		synctest.Wait()
		got := copied.Frames()
		if len(got) != len(frames) {
			t.Fatalf("%d frames of %d", len(got), len(frames))
		}
		for i, f := range got {
			w := frames[i]
			if f.PTS != w.PTS || f.DTS != w.DTS || f.Generation != w.Generation || f.Origin != w.Seq || f.Track.ID != w.Track.ID {
				t.Fatalf("%s instead of %s", avtest.Describe(f), avtest.Describe(w))
			}
		}
		if a, b := r.pub.Stream().Wall(time.Second), c.mirror.Stream().Wall(time.Second); !a.Equal(b) {
			t.Errorf("wall clocks %v and %v", a, b)
		}
		if !c.mirror.Stream().Mirrored() || r.pub.Stream().Mirrored() {
			t.Error("who is the mirror?")
		}
		checkViewer(t, got)
	})
}

// TestMirrorOfANewOrigin: the viewer sees generations one after the other and no
// time going backwards, whatever the new origin's numbers are.
func TestMirrorOfANewOrigin(t *testing.T) {
	for _, gap := range []time.Duration{0, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			edge := bus.New(bus.Config{})
			defer edge.Close()
			c := newCopier(t, edge)
			var copied *avtest.Recorder
			for epoch := uint64(1); epoch <= 3; epoch++ {
				hub := bus.New(bus.Config{})
				pub, err := hub.Publish(name, bus.PublisherInfo{Epoch: epoch})
				if err != nil {
					t.Fatal(err)
				}
				r := &rig{t: t, hub: hub, pub: pub}
				r.video, r.audio = pub.SetTrack(avtest.H264Track()), pub.SetTrack(avtest.AACTrack())
				r.enc = &avtest.Encoder{Video: r.video, Audio: r.audio, Payloads: 1, Start: time.Now()}
				rec := avtest.Record(t, r.join(), nil)
				if !c.set(pub.Stream(), time.Second) {
					t.Fatal("the new epoch is not taken")
				}
				if copied == nil {
					copied = avtest.Record(t, subscribe(t, edge), nil)
				}
				r.play(time.Second)
				synctest.Wait()
				frames := rec.Frames()
				if epoch == 2 { // the sound comes first
					frames[0], frames[1] = frames[1], frames[0]
				}
				if n := c.write(bus.Origin{}, frames...); n != len(frames) {
					t.Fatalf("%d of %d written", n, len(frames))
				}
				synctest.Wait()
				hub.Close()
				if c.set(pub.Stream(), 0) && epoch > 1 {
					e := bus.Edition{Epoch: epoch - 1, Generation: 9}
					if c.mirror.Set(e) != nil {
						t.Fatal("an older epoch is taken")
					}
				}
				time.Sleep(gap)
			}
			frames := copied.Frames()
			if g := frames[len(frames)-1].Generation; g != 3 {
				t.Errorf("generation %d", g)
			}
			checkViewer(t, frames)
			o := c.mirror.Stream().Catalog().Origin
			if o.Epoch != 3 || o.Shift <= 0 || o.Generations != 2 || o.IDs != 4 {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestMirrorResumes: another mirror of the same epoch goes on where one left.
func TestMirrorResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.pub.Close()
		pub, _ := r.hub.Publish(name, bus.PublisherInfo{Epoch: 5})
		r.pub, r.video, r.audio = pub, pub.SetTrack(avtest.H264Track()), pub.SetTrack(avtest.AACTrack())
		r.enc = &avtest.Encoder{Video: r.video, Audio: r.audio, Payloads: 1, Start: time.Now()}
		rec := avtest.Record(t, r.join(), nil)
		edge := bus.New(bus.Config{})
		defer edge.Close()
		c := newCopier(t, edge)
		c.set(pub.Stream(), time.Second)
		copied := avtest.Record(t, subscribe(t, edge), nil)
		r.play(time.Second)
		synctest.Wait()
		before := rec.Frames()
		c.write(bus.Origin{}, before...)
		c.mirror.Close()
		c = newCopier(t, edge)
		c.set(pub.Stream(), time.Second)
		r.play(time.Second)
		synctest.Wait()
		all := rec.Frames()
		if n := c.write(bus.Origin{}, all...); n != len(all)-len(before) {
			t.Errorf("%d written of %d new ones", n, len(all)-len(before))
		}
		synctest.Wait()
		checkViewer(t, copied.Frames())
		if n := len(copied.Frames()); n != len(all) {
			t.Errorf("%d of %d", n, len(all))
		}
	})
}

// TestPublisherWinsOverMirror: and the mirror never over a publisher.
func TestPublisherWinsOverMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		if _, err := r.hub.Mirror(name); !errors.Is(err, bus.ErrNameTaken) {
			t.Fatalf("a mirror over a publisher: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := r.hub.Mirror(name); !errors.Is(err, bus.ErrNameTaken) {
			t.Fatalf("a mirror over a silent publisher: %v", err)
		}
		rec := avtest.Record(t, r.join(), nil)
		r.play(time.Second)
		edge := bus.New(bus.Config{})
		defer edge.Close()
		c := newCopier(t, edge)
		c.set(r.pub.Stream(), 0)
		copied := avtest.Record(t, subscribe(t, edge), nil)
		synctest.Wait()
		c.write(bus.Origin{}, rec.Frames()...)
		if d := c.mirror.Stream().Derive(av.Track{Kind: av.Audio, Codec: av.Opus, DerivedFrom: r.audio.ID}); d.Write(avtest.Frame(d.Track(), av.Delta, 0, 0, 1)) {
			t.Error("derived at the edge")
		}
		r.hub = edge
		r.publish()
		if !closed(c.mirror.Done()) || !errors.Is(c.mirror.Err(), bus.ErrTakenOver) {
			t.Fatalf("the mirror goes on: %v", c.mirror.Err())
		}
		if c.write(bus.Origin{}, rec.Frames()...) != 0 {
			t.Error("written over a publisher")
		}
		r.play(time.Second)
		synctest.Wait()
		checkViewer(t, copied.Frames())
		if !closed(r.pub.Over()) {
			r.pub.Close()
		}
		if !closed(r.pub.Over()) {
			t.Error("it is over, and is not said to be")
		}
	})
}

// TestMirrorEndsIdle: only when nobody watches and nobody holds it.
func TestMirrorEndsIdle(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	m, err := hub.Mirror(name)
	if err != nil {
		t.Fatal(err)
	}
	m.Set(bus.Edition{Generation: 1, Live: true, Tracks: []av.Track{}})
	s, release, err := hub.Hold(name)
	if err != nil {
		t.Fatal(err)
	}
	if m.EndIdle() {
		t.Fatal("ended while it is held")
	}
	release()
	release()
	viewer := subscribe(t, hub)
	if m.EndIdle() || s.Users() != 1 {
		t.Fatalf("ended while it is watched by %d", s.Users())
	}
	viewer.Close()
	m.SetLive(false)
	if _, _, err := hub.Hold(name); !errors.Is(err, bus.ErrNotLive) {
		t.Errorf("joined a stream without a parent: %v", err)
	}
	m.SetLive(true)
	if !m.EndIdle() || !errors.Is(s.Err(), bus.ErrEnded) {
		t.Errorf("goes on: %v", s.Err())
	}
	m.End()
	m.Close()
}
