package codecs

import (
	"bytes"
	"slices"
	"testing"

	"millrace/transmux/av"
)

// splitFuzz reads units with lengths of two bytes, as a fuzzer can write them.
func splitFuzz(data []byte) (nalus [][]byte) {
	for len(data) >= 2 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		nalus = append(nalus, data[2:2+n:2+n])
		data = data[2+n:]
	}
	return nalus
}

// joinFuzz is the reverse of splitFuzz, for units that fit.
func joinFuzz(nalus [][]byte) (data []byte) {
	for _, n := range nalus {
		n = n[:min(len(n), 3000)]
		data = append(append(data, byte(len(n)>>8), byte(len(n))), n...)
	}
	return data
}

func FuzzH264Frame(f *testing.F) {
	for _, name := range mediaFiles {
		m := readMedia(f, name)
		for _, nalus := range m.video[:5] {
			f.Add(joinFuzz(nalus))
		}
		f.Add(joinFuzz(append([][]byte{m.sps, m.pps}, m.video[0]...)))
	}
	track := readMedia(f, "obs-default").track(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		nalus := splitFuzz(data)
		now := track
		updated, changed, invalid := H264Update(track, nalus)
		if changed {
			if slices.EqualFunc(updated.Config, track.Config, bytes.Equal) {
				t.Fatal("a change that changes nothing")
			}
			now = &updated
		}
		frame, err := H264Frame(now, nalus)
		if err != nil || frame == nil {
			return
		}
		if err := checkPayloads(frame); err != nil {
			t.Fatal(err)
		}
		if frame.Type == av.Key && invalid == nil {
			if sps, pps := H264InBand(frame.Parts); sps == nil || pps == nil {
				t.Fatal("a keyframe without parameter sets")
			}
		}
	})
}

func FuzzH264Track(f *testing.F) {
	for _, name := range mediaFiles {
		m := readMedia(f, name)
		f.Add(m.sps, m.pps)
	}
	f.Fuzz(func(t *testing.T, sps, pps []byte) {
		track, err := H264Track(sps, pps)
		if err != nil {
			return
		}
		if track.Width < 1 || track.Width > maxH264Dimension || track.Height < 1 || track.Height > maxH264Dimension {
			t.Fatalf("a picture of %dx%d", track.Width, track.Height)
		}
		if len(H264ProfileLevelID(&track)) != 6 || track.Profile == "" {
			t.Fatal("no profile")
		}
	})
}
