package ffmpeg

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/flv"
)

// obsDefault is what OBS sends as it comes out of the box: B-frames, a keyframe
// every 8.3 s, sound alone for the first 5.3 s.
const obsDefault = "../../../cmd/millrace/e2e/testdata/obs-default.flv"

// readClip demultiplexes an FLV file onto a timeline that begins at a second.
func readClip(t *testing.T, name string, kind av.Kind) (track *av.Track, frames []*av.Frame) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var d flv.Demuxer
	for raw = raw[13:]; len(raw) > 15; {
		size := int(binary.BigEndian.Uint32(raw) & 0xffffff)
		ms := binary.BigEndian.Uint32(raw[4:])
		ms = ms>>8 | ms<<24
		body := append([]byte(nil), raw[11:11+size]...)
		at := time.Second + time.Duration(ms)*time.Millisecond
		var e flv.Event
		switch {
		case raw[0] == 9 && kind == av.Video:
			e, err = d.Video(at, body)
		case raw[0] == 8 && kind == av.Audio:
			e, err = d.Audio(at, body)
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Track != nil {
			track = e.Track
			track.ID = 1
		}
		if e.Frame != nil {
			e.Frame.Track = track
			frames = append(frames, e.Frame)
		}
		raw = raw[15+size:]
	}
	return track, frames
}
