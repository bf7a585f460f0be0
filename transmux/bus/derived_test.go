package bus_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func opusOf(source *av.Track) av.Track {
	t := avtest.OpusTrack()
	t.DerivedFrom = source.ID
	return t
}

func TestDerived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		s := r.pub.Stream()
		d := s.Derive(opusOf(r.audio))
		if c := s.Catalog(); c.Track(d.Track().ID) != d.Track() || d.Track().ID == r.audio.ID {
			t.Fatal("not announced")
		}
		sub := subscribe(t, r.hub)
		sub.Follow(r.video.ID, d.Track().ID)
		tap := s.Tap()
		tap.Follow(0, r.audio.ID)
		var got []*av.Frame
		for range 100 {
			r.play(20 * time.Millisecond)
			for f := tap.Poll(); f != nil; f = tap.Poll() {
				if !d.Write(avtest.Frame(d.Track(), av.Delta, avtest.Index(f), f.DTS, 1)) {
					t.Fatal("not written")
				}
			}
			got = append(got, drain(sub.Poll)...)
		}
		checkViewer(t, got)
		got = slices.DeleteFunc(got, func(f *av.Frame) bool { return f.Track != d.Track() })
		if len(got) != 101 || got[len(got)-1].DTS != 3*time.Second || got[0].Generation != 1 {
			t.Errorf("%d derived frames, the last at %v", len(got), got[len(got)-1].DTS)
		}
		if snap := r.snapshot(); snap.Viewers != 1 || len(snap.Tracks) != 3 || snap.Tracks[2].Frames != 101 {
			t.Errorf("snapshot: %+v", snap)
		}
		d.Close()
		d.Close()
		if s.Catalog().Track(d.Track().ID) != nil || d.Write(avtest.Frame(d.Track(), av.Delta, 0, 0, 1)) {
			t.Error("not closed")
		}
	})
}

// TestDerivedEnds: a derived track ends with the generation it was made of, and
// with the stream.
func TestDerivedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		s, source := r.pub.Stream(), r.audio
		r.join()
		d := s.Derive(opusOf(source))
		r.pub.Close()
		if !d.Write(avtest.Frame(d.Track(), av.Delta, 0, 0, 1)) {
			t.Error("the rest of the generation is still welcome")
		}
		r.publish()
		frame := avtest.Frame(d.Track(), av.Delta, 1, 0, 1)
		if d.Write(frame) || frame.Generation != 0 {
			t.Error("a frame of the old generation in the new one")
		}
		late := s.Derive(opusOf(source)) // who still reads the old generation
		if s.Catalog().Track(late.Track().ID) != nil || late.Write(avtest.Frame(late.Track(), av.Delta, 0, 0, 1)) {
			t.Error("a track of the new generation, made of the old one's")
		}
		late.Close()
		last := s.Derive(opusOf(r.audio))
		r.hub.Close()
		after := s.Derive(opusOf(r.audio))
		if last.Write(avtest.Frame(last.Track(), av.Delta, 0, 0, 1)) || after.Write(avtest.Frame(after.Track(), av.Delta, 0, 0, 1)) {
			t.Error("written after the end")
		}
	})
}

// TestDerivedVideo: it has keyframes of its own to enter at, and to be kept for.
func TestDerivedVideo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{History: 100 * time.Millisecond})
		r.enc.GOP, r.enc.BFrames = 250, true
		source := avtest.H264Track()
		source.DerivedFrom = r.video.ID
		d := r.pub.Stream().Derive(source)
		tap := r.pub.Stream().Tap()
		tap.Follow(r.video.ID, 0)
		var n uint64
		for range 100 {
			r.play(100 * time.Millisecond)
			for f := tap.Poll(); f != nil; f = tap.Poll() {
				typ := av.Delta
				if n%30 == 15 {
					typ = av.Key
				}
				d.Write(avtest.Frame(d.Track(), typ, n, f.PTS, 1))
				n++
			}
		}
		for id, want := range map[av.TrackID]uint64{r.video.ID: 250, d.Track().ID: 285} {
			sub := subscribe(t, r.hub)
			sub.Follow(id, 0)
			if f := sub.Poll(); f == nil || avtest.Index(f) != want {
				t.Errorf("track %d: entered at %s, want picture %d", id, avtest.Describe(f), want)
			}
		}
	})
}

// TestCatalogOrder: the publisher's own tracks stay in front.
func TestCatalogOrder(t *testing.T) {
	pub := publish(t, bus.New(bus.Config{}))
	audio := pub.SetTrack(avtest.AACTrack())
	before := pub.Stream().Catalog()
	d := pub.Stream().Derive(opusOf(audio))
	video := pub.SetTrack(avtest.H264Track())
	changed := *audio
	changed.Profile = "HE-AAC"
	again := pub.SetTrack(changed)
	want := []*av.Track{again, video, d.Track()}
	c := pub.Stream().Catalog()
	for i, track := range c.Tracks {
		if track != want[i] {
			t.Errorf("track %d is %+v, want %+v", i, track, want[i])
		}
	}
	if again.ID != audio.ID || audio.Profile == "HE-AAC" || len(before.Tracks) != 1 || len(c.Tracks) != 3 {
		t.Error("what was given out has changed")
	}
	if c.Track(0) != nil || c.Track(99) != nil || c.Track(video.ID) != video {
		t.Error("Track does not find what is there, or finds what is not")
	}
	// The state went along: its frames are still those of the right track.
	sub := pub.Stream().Tap()
	sub.Follow(video.ID, audio.ID)
	pub.Write(avtest.Frame(video, av.Key, 0, 0, 1))
	pub.Write(avtest.Frame(again, av.Delta, 0, 0, 1))
	snap := pub.Stream().Snapshot()
	if len(drain(sub.Poll)) != 2 || snap.Tracks[1].Keyframes != 1 || snap.Tracks[0].Frames != 1 || snap.Tracks[2].Frames != 0 {
		t.Errorf("snapshot: %+v", snap)
	}
}
