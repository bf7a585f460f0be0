package codecs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

func TestPCM(t *testing.T) {
	want := av.Track{Kind: av.Audio, Codec: av.PCMA, SampleRate: 8000, Channels: 1, Profile: "G.711 A-law"}
	track := PCMTrack(av.PCMA)
	if diff := cmp.Diff(want, track); diff != "" {
		t.Error(diff)
	}
	if track.ClockRate() != 8000 {
		t.Errorf("a clock of %d Hz", track.ClockRate())
	}
	for n, valid := range map[int]bool{0: false, 1: true, 160: true, av.MaxPayload: true, av.MaxPayload + 1: false} {
		samples := make([]byte, n)
		f, err := PCMFrame(samples)
		if (err == nil) != valid {
			t.Errorf("%d samples: %v", n, err)
		}
		if !valid {
			continue
		}
		if diff := cmp.Diff(&av.Frame{Parts: [][]byte{samples}, Payloads: []av.Payload{{Body: samples}}}, f); diff != "" {
			t.Error(diff)
		}
	}
}
