package flv

import (
	"testing"
	"time"

	"millrace/transmux/av"
)

// split reads message bodies with lengths of two bytes, so that a fuzzer can
// write several for one Demuxer. Each is a copy, as the Demuxer demands.
func split(data []byte) (out [][]byte) {
	for len(data) >= 2 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		out = append(out, append(make([]byte, 0, n), data[2:2+n]...))
		data = data[2+n:]
	}
	return out
}

// join is the reverse of split, for bodies that fit.
func join(bodies [][]byte) (data []byte) {
	for _, b := range bodies {
		if len(b) <= 0xFFFF {
			data = append(append(data, byte(len(b)>>8), byte(len(b))), b...)
		}
	}
	return data
}

// check holds an event against the house's rules.
func check(t *testing.T, e Event, err error, at time.Duration, size int) {
	t.Helper()
	if err != nil {
		if e != (Event{}) {
			t.Fatal("an error and an event")
		}
		return
	}
	if e.Track != nil && (e.Track.ID != 0 || len(e.Track.Config) == 0 || e.Track.Profile == "") {
		t.Fatalf("track %+v", e.Track)
	}
	if f := e.Frame; f != nil {
		if f.DTS != at || f.PTS < at-maxComposition || f.PTS > at+maxComposition {
			t.Fatalf("DTS %v, PTS %v at %v", f.DTS, f.PTS, at)
		}
		if len(f.Parts) == 0 || f.Type != av.Key && f.Size() > size {
			t.Fatalf("a frame of %d parts and %d bytes out of %d", len(f.Parts), f.Size(), size)
		}
		for _, p := range f.Payloads {
			if p.Size() > av.MaxPayload {
				t.Fatalf("a payload of %d bytes", p.Size())
			}
		}
	}
}

func FuzzVideo(f *testing.F) {
	for _, name := range mediaFiles {
		f.Add(join(bodies(f, name, true, 4)))
		b := bodies(f, name, true, 6)
		f.Add(join(append(b[4:6:6], b[:3]...)))
	}
	sps, pps := config(f, "obs-default")
	f.Add(join([][]byte{frame(4, 0, sps, pps, idrSlice), header(record(2, [][]byte{sps}, [][]byte{pps})), frame(2, 9, pSlice)}))
	f.Add(join([][]byte{append([]byte("\x90avc1"), record(1, [][]byte{sps}, [][]byte{pps})...), append([]byte("\x91avc1\xff\xff\xff"), frame(1, 0, pSlice)[5:]...)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Demuxer
		for i, body := range split(data) {
			at := time.Duration(i) * time.Second
			size := len(body)
			e, err := d.Video(at, body)
			check(t, e, err, at, size)
		}
	})
}

func FuzzAudio(f *testing.F) {
	for _, name := range mediaFiles {
		f.Add(join(bodies(f, name, false, 4)))
	}
	f.Add(join([][]byte{[]byte("\x90mp4a\x12\x10"), []byte("\x91mp4a\x21\x1a"), {0x2F, 0xFF}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Demuxer
		for i, body := range split(data) {
			at := time.Duration(i) * time.Second
			size := len(body)
			e, err := d.Audio(at, body)
			check(t, e, err, at, size)
		}
	})
}
