package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestBFramesAreAnnounced: the catalog says so from the first one on, and frames
// carry what the catalog says.
func TestBFramesAreAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := r.join()
		stream := sub.Stream()
		before := stream.Catalog()
		write := func(typ av.Type, n uint64) *av.Frame {
			f := avtest.Frame(r.video, typ, n, time.Duration(n)*40*time.Millisecond, 1)
			r.pub.Write(f)
			return f
		}
		write(av.Key, 0)
		if f := write(av.Delta, 1); f.Track.Reordered || stream.Catalog() != before {
			t.Error("B-frames announced where there are none")
		}
		announced := stream.Announced()
		f := write(av.Bidirectional, 2)
		if !closed(announced) {
			t.Error("a change of the catalog was not announced")
		}
		marked := stream.Catalog().Track(r.video.ID)
		if !marked.Reordered || f.Track != marked || r.video.Reordered {
			t.Errorf("track %+v, frame's %+v", marked, f.Track)
		}
		announced = stream.Announced()
		if f := write(av.Delta, 3); f.Track != marked || closed(announced) {
			t.Error("the frame after it has another track")
		}
		again := *r.video
		if now := r.pub.SetTrack(again); !now.Reordered || stream.Catalog().Track(now.ID) != now {
			t.Errorf("described again: %+v", now)
		}
		if stream.Catalog().Track(r.audio.ID).Reordered {
			t.Error("the sound has B-frames")
		}
		r.pub.Close()
		r.publish()
		if stream.Catalog().Track(r.video.ID).Reordered {
			t.Error("the next publisher has B-frames at once")
		}
	})
}
