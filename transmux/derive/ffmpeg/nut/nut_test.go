package nut_test

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/derive/ffmpeg/nut"
)

var track = nut.Track{
	Class: nut.Video, FourCC: "H264", Rate: 90000, Delay: 2, Extra: []byte{0, 0, 0, 1, 0x67},
	Width: 1280, Height: 720,
}

func frames() []nut.Frame {
	return []nut.Frame{
		{PTS: 0, Key: true, Data: bytes.Repeat([]byte{7}, 70_000)},
		{PTS: 6000, Data: []byte{1, 2, 3}},
		{PTS: 3000, Data: []byte{}},
		{PTS: 1 << 40, Key: true, Data: bytes.Repeat([]byte("N"), 5000)},
		{PTS: 1<<40 + 3000, Data: []byte("NM")},
	}
}

func written(t nut.Track, all []nut.Frame) []byte {
	b := nut.AppendHeader(nil, t)
	for _, f := range all {
		b = nut.AppendFrame(b, f)
	}
	return b
}

func read(t *testing.T, r io.Reader) (*nut.Reader, []nut.Frame) {
	t.Helper()
	n := nut.NewReader(r)
	var all []nut.Frame
	for {
		f, err := n.Next()
		if errors.Is(err, io.EOF) {
			return n, all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	r, got := read(t, bytes.NewReader(written(track, frames())))
	sameFrames(t, frames(), got)
	if d := cmp.Diff(&track, r.Track()); d != "" {
		t.Error(d)
	}
	sound := nut.Track{Class: nut.Audio, FourCC: "Opus", Rate: 48000, SampleRate: 48000, Channels: 2, Extra: []byte{}}
	if r, _ := read(t, bytes.NewReader(written(sound, frames()[1:]))); !cmp.Equal(&sound, r.Track()) {
		t.Error(cmp.Diff(&sound, r.Track()))
	}
}

// TestFFmpegPassesIt: ffmpeg reads what we write and we read what it writes, to
// the last timestamp.
func TestFFmpegPassesIt(t *testing.T) {
	// G.711, in which any bytes will do.
	sound := nut.Track{Class: nut.Audio, FourCC: "\x07\x00\x00\x00", Rate: 48000, SampleRate: 48000, Channels: 1}
	var all []nut.Frame
	for i := range int64(500) {
		all = append(all, nut.Frame{PTS: 1<<33 + i*1797 + i%3, Key: true, Data: bytes.Repeat([]byte{byte(i)}, 1+int(i*37%9000))})
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "nut", "-i", "pipe:0", "-map", "0", "-c", "copy", "-copyts", "-f", "nut", "pipe:1")
	cmd.Stdin = bytes.NewReader(written(sound, all))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatal(err, errs.String())
	}
	_, got := read(t, bytes.NewReader(out))
	sameFrames(t, all, got)
}

func sameFrames(t *testing.T, want, got []nut.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames of %d", len(got), len(want))
	}
	for i, w := range want {
		if g := got[i]; g.PTS != w.PTS || g.Key != w.Key || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("frame %d: %d bytes at %d, wanted %d at %d", i, len(g.Data), g.PTS, len(w.Data), w.PTS)
		}
	}
}

func TestMalformed(t *testing.T) {
	good := written(track, frames())
	for name, b := range map[string][]byte{
		"another container": []byte("nut/multimedia contained\x00 ..............."),
		"only a frame":      append([]byte("nut/multimedia container\x00"), 0, 1, 2, 3),
		"a wrong checksum":  append(append([]byte(nil), good[:60]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	} {
		if _, err := nut.NewReader(bytes.NewReader(b)).Next(); err == nil || errors.Is(err, io.EOF) && name != "a wrong checksum" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := nut.NewReader(bytes.NewReader(good[:len(good)-1]))
	var err error
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %v", err)
	}
}

// FuzzReader: nothing that a broken child writes may crash us or make us take much
// memory.
func FuzzReader(f *testing.F) {
	f.Add(written(track, frames()[1:]))
	f.Add([]byte("nut/multimedia container\x00N"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := nut.NewReader(bytes.NewReader(b))
		for total := 0; ; {
			frame, err := r.Next()
			if err != nil {
				break
			}
			if total += len(frame.Data); total > 1024*len(b)+1<<20 {
				t.Fatalf("%d bytes of %d", total, len(b))
			}
		}
	})
}
