package rtpio

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/flv"
)

// clip is a file's video: the track as its first keyframe tells it, and its
// frames as codecs makes them.
type clip struct {
	track  av.Track
	frames []*av.Frame
	raw    [][]byte // each frame as the file has it, for other packetizers
}

var clips = []string{"h264", "vp8", "vp9", "vp9-altref", "av1-aom", "av1-svt", "h265-low", "h265-open"}

// readClip reads a file of codecs' or flv's. They are trusted.
func readClip(tb testing.TB, name string) *clip {
	tb.Helper()
	if name == "h264" {
		return readFLV(tb, filepath.Join("..", "flv", "testdata", "zerolatency.flv"))
	}
	if strings.HasPrefix(name, "h265") {
		return readH265(tb, filepath.Join("..", "codecs", "testdata", name+".h265"))
	}
	data, err := os.ReadFile(filepath.Join("..", "codecs", "testdata", name+".ivf"))
	if err != nil {
		tb.Fatal(err)
	}
	c := &clip{}
	for data = data[32:]; len(data) > 0; {
		n := 12 + int(binary.LittleEndian.Uint32(data))
		c.raw = append(c.raw, data[12:n:n])
		data = data[n:]
	}
	for i, raw := range c.raw {
		var f *av.Frame
		switch name[:3] {
		case "vp8":
			f, err = codecs.VP8Frame(raw)
			if i == 0 {
				w, h, _ := codecs.VP8Size(raw)
				c.track = codecs.VP8Track(w, h)
			}
		case "vp9":
			f, err = codecs.VP9Frame(uint16(i), codecs.VP9Layer{Data: raw})
			if i == 0 {
				w, h, profile, _ := codecs.VP9Size(raw)
				c.track = codecs.VP9Track(w, h, profile)
			}
		default:
			var obus [][]byte
			if obus, err = codecs.AV1Split(bytes.Clone(raw)); err != nil {
				break
			}
			if i == 0 {
				if c.track, _, err = codecs.AV1Update(nil, obus); err != nil {
					break
				}
			}
			f, err = codecs.AV1Frame(&c.track, obus)
		}
		if err != nil {
			tb.Fatalf("%s: frame %d: %v", name, i, err)
		}
		c.frames = append(c.frames, f)
	}
	return c
}

// readH265 reads a byte stream (H.265 annex B).
func readH265(tb testing.TB, path string) *clip {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var units [][][]byte
	pictured := true // the last unit has a slice
	for _, n := range bytes.Split(data, []byte{0, 0, 1}) {
		n = bytes.TrimRight(n, "\x00")
		if len(n) < 3 {
			continue
		}
		if begins265(type265(n), n[2:]) && pictured {
			units, pictured = append(units, nil), false
		}
		pictured = pictured || type265(n) < nalu265VPS
		units[len(units)-1] = append(units[len(units)-1], n)
	}
	c := &clip{}
	for i, nalus := range units {
		if i == 0 {
			if c.track, _, err = codecs.H265Update(nil, nalus); err != nil {
				tb.Fatal(err)
			}
		}
		f, err := codecs.H265Frame(&c.track, nalus)
		if err != nil {
			tb.Fatalf("frame %d: %v", i, err)
		}
		c.frames, c.raw = append(c.frames, f), append(c.raw, nil)
	}
	return c
}

func readFLV(tb testing.TB, path string) *clip {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	c := &clip{}
	var demuxer flv.Demuxer
	for data = data[13:]; len(data) > 0; {
		n := int(binary.BigEndian.Uint32(data) & 0xFFFFFF)
		kind, body := data[0], data[11:11+n]
		data = data[11+n+4:]
		if kind != 9 {
			continue
		}
		e, err := demuxer.Video(0, bytes.Clone(body))
		if err != nil {
			tb.Fatal(err)
		}
		if e.Track != nil {
			c.track = *e.Track
		}
		if e.Frame != nil {
			var raw []byte
			for _, n := range e.Frame.Parts {
				raw = append(append(raw, 0, 0, 0, 1), n...)
			}
			c.frames, c.raw = append(c.frames, e.Frame), append(c.raw, raw)
		}
	}
	return c
}

// stream numbers packets as a sender does.
type stream struct {
	seq uint16
	ts  uint32
	at  time.Time
}

// begin is close to the end of both counters.
func begin() *stream { return &stream{seq: 0xFFF0, ts: 0xFFFFF000, at: time.Unix(1000, 0)} }

const step = 3000 // ticks of 90 kHz, 30 frames a second

// frame cuts payloads into a frame's packets, which come a millisecond apart,
// and goes on to the next frame's time.
func (s *stream) frame(payloads ...[]byte) (out []Packet) {
	for i, p := range payloads {
		out = append(out, Packet{
			Seq: s.seq, Timestamp: s.ts, Marker: i == len(payloads)-1, Payload: p,
			Arrived: s.at.Add(time.Duration(i) * time.Millisecond),
		})
		s.seq++
	}
	s.ts += step
	s.at = s.at.Add(33 * time.Millisecond)
	return out
}

// of cuts a frame along its own payloads.
func (s *stream) of(f *av.Frame) []Packet {
	var payloads [][]byte
	for _, p := range f.Payloads {
		payloads = append(payloads, append(bytes.Clone(p.Head), p.Body...))
	}
	return s.frame(payloads...)
}

func newInbound(tb testing.TB, c av.Codec, o Options) *Inbound {
	tb.Helper()
	in, err := NewInbound(av.Track{Codec: c}, o)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// pushAll pushes packets, taking frames after each as a caller does.
func pushAll(in *Inbound, packets ...Packet) (units []Unit) {
	for _, p := range packets {
		in.Push(p)
		units = append(units, in.Frames(p.Arrived)...)
	}
	return units
}

func sameParts(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// sameFrame reports whether two frames say the same to RTP's receivers.
func sameFrame(a, b *av.Frame) bool {
	return a.Type == b.Type && slices.EqualFunc(a.Payloads, b.Payloads, func(p, q av.Payload) bool {
		return bytes.Equal(p.Head, q.Head) && bytes.Equal(p.Body, q.Body) && p.Pad == q.Pad
	})
}
