package bus_test

import (
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
)

// checkViewer checks what every viewer may rely on, whatever happened: frames in
// the order they were written, each once; generations one after the other, each
// beginning with a keyframe; no PTS below those of earlier generations; and
// within a track no hole but in front of a keyframe.
func checkViewer(t *testing.T, frames []*av.Frame) {
	t.Helper()
	if len(frames) == 0 {
		t.Fatal("no frames")
	}
	type place struct {
		index uint64
		dts   time.Duration
	}
	var furthest, floor time.Duration
	last := map[av.TrackID]place{}
	for i, f := range frames {
		if i > 0 && f.Seq <= frames[i-1].Seq {
			t.Fatalf("frame %d after frame %d", f.Seq, frames[i-1].Seq)
		}
		if i > 0 && f.Generation != frames[i-1].Generation {
			if f.Generation < frames[i-1].Generation {
				t.Fatalf("generation %d after %d", f.Generation, frames[i-1].Generation)
			}
			floor = furthest
		}
		if f.PTS < floor || f.PTS < 0 {
			t.Fatalf("frame %d: PTS %v after %v of the last generation", f.Seq, f.PTS, floor)
		}
		furthest = max(furthest, f.PTS)
		before, known := last[f.Track.ID]
		if f.Track.Kind == av.Video && f.Type != av.Key && (!known || avtest.Index(f) != before.index+1) {
			t.Fatalf("frame %d is picture %d, after picture %d (any: %v), and no keyframe",
				f.Seq, avtest.Index(f), before.index, known)
		}
		if known && (avtest.Index(f) <= before.index || f.DTS <= before.dts) {
			t.Fatalf("frame %d runs backwards in its track", f.Seq)
		}
		last[f.Track.ID] = place{avtest.Index(f), f.DTS}
	}
}
