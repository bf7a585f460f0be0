package ffmpeg

import (
	"bytes"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/derive/ffmpeg/nut"
)

// checker wants of what is made that it can go onto the bus.
type checker struct {
	t       *testing.T
	track   *av.Track
	written time.Duration
}

func (c *checker) Announce(t av.Track) {
	if t.Codec == av.H264 && (len(t.Config) < 2 || t.Width <= 0) {
		c.t.Errorf("announced %+v", t)
	}
	c.track = &t
}

func (c *checker) Write(f *av.Frame) {
	if c.track == nil || len(f.Parts) == 0 || f.PTS <= c.written {
		c.t.Errorf("written at %v after %v, of the track %+v: %d parts", f.PTS, c.written, c.track, len(f.Parts))
	}
	for i := range f.Payloads {
		if f.Payloads[i].Size() > av.MaxPayload {
			c.t.Errorf("a payload of %d bytes", f.Payloads[i].Size())
		}
	}
	c.written = f.PTS
}

// FuzzOutput: whatever the child writes, what comes of it is fit for the bus.
func FuzzOutput(f *testing.F) {
	params, units := avtest.H264Bidirectional()
	stream := nut.AppendHeader(nil, nut.Track{Class: nut.Video, FourCC: "H264", Rate: 90000, Extra: appendAnnexB(nil, [][]byte{params.SPS, params.PPS})})
	for i, u := range units {
		stream = nut.AppendFrame(stream, nut.Frame{PTS: int64(3000 * i), Key: i == 0, Data: appendAnnexB(nil, u.Slices)})
	}
	f.Add(stream, true)
	sound := nut.AppendHeader(nil, nut.Track{Class: nut.Audio, FourCC: "Opus", Rate: 48000, SampleRate: 48000, Channels: 2})
	f.Add(nut.AppendFrame(sound, nut.Frame{PTS: 960, Key: true, Data: []byte{0xfc, 0xff, 0xfe}}), false)
	f.Fuzz(func(t *testing.T, b []byte, picture bool) {
		target := Opus
		if picture {
			target = H264
		}
		s := &Session{job: Job{Target: target}, output: &checker{t: t, written: -1}}
		if err := s.read(bytes.NewReader(b)); err == nil {
			t.Error("it never ends")
		}
	})
}
