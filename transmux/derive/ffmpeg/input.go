package ffmpeg

import (
	"millrace/transmux/av"
	"millrace/transmux/derive/ffmpeg/nut"
)

// tickRate is that of the timestamps written: video's own, and of sound more exact
// than anybody sends it.
const tickRate = 90_000

// maxReorder is how many frames a decoder is told to expect between the order they
// come in and the order they are shown in; it finds the real number out.
const maxReorder = 2

// track describes the source in NUT.
func track(job Job) nut.Track {
	t := job.Source
	n := nut.Track{FourCC: formats[t.Codec].tag, Rate: tickRate}
	if t.Kind == av.Audio {
		n.Class, n.SampleRate, n.Channels = nut.Audio, t.SampleRate, t.Channels
		if len(t.Config) > 0 {
			n.Extra = t.Config[0]
		}
		return n
	}
	n.Width, n.Height, n.FrameRate = t.Width, t.Height, job.FrameRate
	if t.Reordered {
		n.Delay = maxReorder
	}
	switch t.Codec {
	case av.H264, av.H265:
		n.Extra = appendAnnexB(nil, t.Config)
	case av.AV1:
		n.Extra = nil // its keyframes have what there would be
	}
	return n
}

// appendFrame appends a frame in NUT, its parts put together as the codec's
// decoder wants them.
func appendFrame(b []byte, f *av.Frame) []byte {
	var data []byte
	switch f.Track.Codec {
	case av.H264, av.H265:
		data = appendAnnexB(make([]byte, 0, f.Size()+8*len(f.Parts)), f.Parts)
	case av.AV1:
		data = appendOBUs(make([]byte, 0, f.Size()+8*len(f.Parts)+2), f.Parts)
	default:
		if len(f.Parts) == 1 {
			data = f.Parts[0]
			break
		}
		for _, p := range f.Parts {
			data = append(data, p...)
		}
	}
	return nut.AppendFrame(b, nut.Frame{
		PTS: ticks(f.PTS), Key: f.Type == av.Key || f.Track.Kind == av.Audio, Data: data,
	})
}

// appendAnnexB puts start codes in front of NAL units (ITU-T H.264 annex B).
func appendAnnexB(b []byte, units [][]byte) []byte {
	for _, u := range units {
		b = append(b, 0, 0, 0, 1)
		b = append(b, u...)
	}
	return b
}

// appendOBUs makes a temporal unit of OBUs without sizes: a delimiter, then each
// with its size (AV1 specification sections 5.3 and 7.5).
func appendOBUs(b []byte, units [][]byte) []byte {
	const hasSize, hasExtension, delimiter = 0x02, 0x04, 2 << 3
	b = append(b, delimiter|hasSize, 0)
	for _, u := range units {
		if len(u) == 0 {
			continue
		}
		head := 1
		if u[0]&hasExtension != 0 && len(u) > 1 {
			head = 2
		}
		b = append(b, u[0]|hasSize)
		b = append(b, u[1:head]...)
		size := uint(len(u) - head)
		for ; size >= 0x80; size >>= 7 {
			b = append(b, byte(size)|0x80)
		}
		b = append(b, byte(size))
		b = append(b, u[head:]...)
	}
	return b
}
