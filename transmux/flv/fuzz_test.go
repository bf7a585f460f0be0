package flv

import (
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest/ertmp"
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

// check holds events against the house's rules.
func check(t *testing.T, e Event, at time.Duration, size int) {
	t.Helper()
	total := 0
	for _, one := range all(e) {
		checkOne(t, one, at, size)
		if f := one.Frame; f != nil && f.Type != av.Key {
			total += f.Size()
		}
	}
	if total > size {
		t.Fatalf("%d bytes of frames out of %d", total, size)
	}
}

func checkOne(t *testing.T, e *Event, at time.Duration, size int) {
	t.Helper()
	if e.Track != nil && (e.Track.ID != 0 || e.Track.Profile == "" || (e.Track.Rendition == "") != (e.Number == 0)) {
		t.Fatalf("track %+v", e.Track)
	}
	if f := e.Frame; f != nil {
		const aSecond = time.Second // of G.711, and a millisecond of nanoseconds
		if f.DTS < at || f.DTS > at+aSecond || f.PTS < f.DTS-maxComposition || f.PTS > f.DTS+maxComposition+time.Millisecond {
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

// enhancedSeeds are the first messages of a kind of each clip, with every modifier
// and shape that there is.
func enhancedSeeds(video bool) (seeds [][]byte) {
	for _, clip := range ertmp.Clips() {
		var bodies [][]byte
		for _, m := range clip {
			if m.Video == video && len(bodies) < 4 {
				bodies = append(bodies, m.Body)
			}
		}
		seeds = append(seeds, join(bodies))
		bodies[len(bodies)-1] = ertmp.ModEx(ertmp.Nano(bodies[len(bodies)-1], 1), 7, make([]byte, 300)...)
		seeds = append(seeds, join(bodies))
	}
	return seeds
}

func FuzzEnhancedVideo(f *testing.F) {
	for _, s := range enhancedSeeds(true) {
		f.Add(s)
	}
	e := ertmp.H265()
	f.Add(join([][]byte{append([]byte{0x1C, 0, 0, 0, 0}, ertmp.HEVCRecord(e.Sets[0], e.Sets[1], e.Sets[2])...), append([]byte{0x1C, 1, 0, 0, 0}, ertmp.Units(e.Pictures[1].NALUs...)...)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Demuxer
		for i, body := range split(data) {
			at, size := time.Duration(i)*time.Second, len(body)
			e, _ := d.Video(at, body)
			check(t, e, at, size)
		}
		if len(d.video) > maxTracks {
			t.Fatalf("%d tracks", len(d.video))
		}
	})
}

func FuzzEnhancedAudio(f *testing.F) {
	for _, s := range enhancedSeeds(false) {
		f.Add(s)
	}
	f.Add(join([][]byte{[]byte("\x94mp4a\x02\x02\x00\x01"), []byte("\x91ac-3\x0b\x77\xb5\x0b\x1e\x40\xeb\xf8"), []byte("\x91.mp3\xff\xfb\x94\xc4")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Demuxer
		for i, body := range split(data) {
			at, size := time.Duration(i)*time.Second, len(body)
			e, _ := d.Audio(at, body)
			check(t, e, at, size)
		}
	})
}

// FuzzMultitrack writes the sizes: whatever they say, tracks stay within the message.
func FuzzMultitrack(f *testing.F) {
	h := ertmp.H264(true)
	record := ertmp.AVCRecord(h.Sets[0], h.Sets[1])
	f.Add(byte(1), byte(0), byte(1), len(record), 3, record)
	f.Add(byte(2), byte(3), byte(9), 0, 0xFFFFFF, record)
	f.Add(byte(0), byte(3), byte(0), 8, 0, []byte("avc1\x00\x00\x00\x02\x65\x88"))
	f.Fuzz(func(t *testing.T, shape, packet, number byte, first, second int, data []byte) {
		body := []byte{0x96, shape<<4 | packet&0x0F}
		if shape&0x0F != 2 {
			body = append(body, "avc1"...)
		}
		for i, n := range []int{first, second} {
			at := min(i*len(data)/2, len(data))
			body = append(append(body, number+byte(i), byte(n>>16), byte(n>>8), byte(n)), data[at:]...)
		}
		var d Demuxer
		size := len(body)
		e, _ := d.Video(0, body)
		check(t, e, 0, size)
	})
}

// FuzzHEVCRecord reads configuration records alone.
func FuzzHEVCRecord(f *testing.F) {
	e := ertmp.H265()
	f.Add(ertmp.HEVCRecord(e.Sets[0], e.Sets[1], e.Sets[2]))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseHEVCRecord(b)
		n := len(r.vps) + len(r.sps)
		for _, p := range r.pps {
			n += len(p)
		}
		if err == nil && (n > len(b) || r.lengthSize < 1 || r.lengthSize > 4) {
			t.Fatalf("%d bytes out of %d, lengths of %d", n, len(b), r.lengthSize)
		}
	})
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
			e, _ := d.Video(at, body)
			check(t, e, at, size)
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
			e, _ := d.Audio(at, body)
			check(t, e, at, size)
		}
	})
}
