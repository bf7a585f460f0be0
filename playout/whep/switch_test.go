package whep

import (
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/flv"
)

// replace30 writes a clip as a track made of the stream's picture until told to stop.
func replace30(t *testing.T, s *bus.Stream, stop <-chan struct{}) {
	var d flv.Demuxer
	var made *bus.Derived
	begun := time.Now()
	for i := 0; ; {
		for _, tag := range readClip(t, clean) {
			if tag.kind != 9 {
				continue
			}
			event, err := d.Video(tag.time, append([]byte(nil), tag.body...))
			if err != nil {
				t.Error(err)
				return
			}
			if event.Track != nil && made == nil {
				track := *event.Track
				track.DerivedFrom = s.Catalog().Tracks[0].ID
				made = s.Derive(track)
				defer made.Close()
			}
			if event.Frame == nil {
				continue
			}
			i++
			select {
			case <-stop:
				return
			case <-time.After(time.Until(begun.Add(time.Duration(i) * time.Second / 30))):
			}
			f := event.Frame
			f.Track, f.Arrived = made.Track(), time.Now()
			f.PTS = s.Live(f.Arrived) - 50*time.Millisecond // it took so long to make
			f.DTS = f.PTS
			made.Write(f)
		}
	}
}

// TestTheBetterPictureAndBack: a viewer goes over to what is made for it and back to what
// there was, in its session, without a damaged picture and without time running backwards.
func TestTheBetterPictureAndBack(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, bFrames, 0)
	await(t, func() bool {
		s, _ := h.hub.Stream("live/x")
		return len(s.Tracks) > 0 && s.Tracks[0].Track.Kind == av.Video && s.Tracks[0].Track.Reordered
	})
	var r recorder
	v := h.watch(t, &r, nil)
	profile := func() string {
		for _, n := range r.last().NALUs {
			if n[0]&0x1f == 7 {
				track := av.Track{Config: [][]byte{n}}
				return codecs.H264ProfileLevelID(&track)
			}
		}
		return ""
	}
	await(t, func() bool { return profile() != "" })
	original := profile()

	sub, err := h.hub.Subscribe(t.Context(), "live/x")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); replace30(t, sub.Stream(), stop) }()
	await(t, func() bool { p := profile(); return p != "" && p != original })
	at := len(r.all())
	await(t, func() bool { return len(r.all()) > at+30 })
	if span := r.last().Timestamp - r.all()[at].Timestamp; span > 2*90000 {
		t.Errorf("30 pictures of 30 a second take %d ticks", span)
	}
	close(stop)
	<-done
	await(t, func() bool { return profile() == original })
	at = len(r.all())
	await(t, func() bool { return len(r.all()) > at+5 })
	r.check(t)
	if s := v.Stats(av.Video); v.Err() != nil || s.Lost+s.Backward+s.Duplicates+s.Jumps > 0 {
		t.Errorf("%v, %+v", v.Err(), s)
	}
}
