package whep

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/flv"
	"millrace/transmux/rtc/peer"
)

const pictureInterval = 33 * time.Millisecond

// simulcast publishes one picture in renditions, by name, each half a second
// behind the one before in its keyframes. What it sends ends with the rendition's
// name.
type simulcast struct {
	publisher *bus.Publisher
	tracks    map[string]*av.Track
	quiet     map[string]*atomic.Bool // not sent for now
}

// sizes of the renditions.
var sizes = map[string][2]int{"f": {1280, 720}, "h": {640, 360}, "q": {320, 180}}

func (h *house) simulcast(t *testing.T, names ...string) *simulcast {
	t.Helper()
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{Protocol: "test", Refreshes: true})
	if err != nil {
		t.Fatal(err)
	}
	pictures, track := picturesOf(t, clean)
	s := &simulcast{publisher: p, tracks: map[string]*av.Track{}, quiet: map[string]*atomic.Bool{}}
	for _, name := range names {
		track.Rendition, track.Width, track.Height = name, sizes[name][0], sizes[name][1]
		s.tracks[name] = p.SetTrack(track)
		s.quiet[name] = &atomic.Bool{}
	}
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { s.play(t, names, pictures, stop) })
	t.Cleanup(func() { close(stop); work.Wait(); p.Close() })
	return s
}

func (s *simulcast) play(t *testing.T, names []string, pictures [][][]byte, stop <-chan struct{}) {
	ticker := time.NewTicker(pictureInterval)
	defer ticker.Stop()
	for i := 0; ; i++ {
		for n, name := range names {
			if s.quiet[name].Load() {
				continue
			}
			var units [][]byte
			for _, unit := range pictures[(i+15*n)%len(pictures)] {
				units = append(units, append(bytes.Clone(unit), name...))
			}
			f, err := codecs.H264Frame(s.tracks[name], units)
			if err != nil || f == nil {
				t.Errorf("picture %d: %v", i, err)
				return
			}
			f.Track, f.Arrived = s.tracks[name], time.Now()
			f.DTS = time.Duration(i) * pictureInterval
			f.PTS = f.DTS
			s.publisher.Write(f)
		}
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
	}
}

// picturesOf are a clip's slices, picture by picture.
func picturesOf(t *testing.T, file string) (pictures [][][]byte, track av.Track) {
	t.Helper()
	var d flv.Demuxer
	for _, tag := range readClip(t, file) {
		if tag.kind != 9 {
			continue
		}
		event, err := d.Video(tag.time, tag.body)
		if err != nil {
			t.Fatal(err)
		}
		if event.Track != nil {
			track = *event.Track
		}
		if event.Frame == nil {
			continue
		}
		var slices [][]byte
		for _, unit := range event.Frame.Parts {
			if kind := unit[0] & 0x1f; kind == 1 || kind == 5 {
				slices = append(slices, unit)
			}
		}
		pictures = append(pictures, slices)
	}
	return pictures, track
}

// rendition is which one a picture is of.
func rendition(u peer.AccessUnit) string {
	last := u.NALUs[len(u.NALUs)-1]
	return string(last[len(last)-1:])
}

// checkChanges wants a keyframe at each change of rendition, and a picture for
// every moment.
func (r *recorder) checkChanges(t *testing.T) (changes int) {
	t.Helper()
	r.check(t)
	units := r.all()
	for i := 1; i < len(units); i++ {
		before, u := units[i-1], units[i]
		if step := time.Duration(u.Timestamp-before.Timestamp) * time.Second / 90000; step > 3*pictureInterval {
			t.Errorf("nothing is shown for %v before picture %d", step, i)
		}
		if rendition(before) == rendition(u) {
			continue
		}
		changes++
		if !u.Key || !u.Parameters {
			t.Errorf("picture %d is the first of %s after %s, and no keyframe", i, rendition(u), rendition(before))
		}
	}
	return changes
}

// shows waits until pictures of the rendition come.
func (r *recorder) shows(t *testing.T, name string) {
	t.Helper()
	await(t, func() bool {
		units := r.all()
		return len(units) > 0 && rendition(units[len(units)-1]) == name
	})
}
