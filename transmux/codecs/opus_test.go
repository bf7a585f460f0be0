package codecs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

func TestOpusDuration(t *testing.T) {
	for name, tc := range map[string]struct {
		packet []byte
		want   time.Duration
	}{
		"SILK 10 ms":            {[]byte{0 << 3}, 10 * time.Millisecond},
		"SILK 60 ms":            {[]byte{3 << 3}, 60 * time.Millisecond},
		"hybrid 20 ms":          {[]byte{15 << 3}, 20 * time.Millisecond},
		"CELT 2.5 ms":           {[]byte{28 << 3}, 2500 * time.Microsecond},
		"CELT 20 ms, two":       {[]byte{31<<3 | 1}, 40 * time.Millisecond},
		"CELT 20 ms, two sizes": {[]byte{31<<3 | 2}, 40 * time.Millisecond},
		"CELT 20 ms, six":       {[]byte{31<<3 | 3, 0x80 | 6}, 120 * time.Millisecond},
		"seven is too many":     {[]byte{31<<3 | 3, 7}, 0},
		"no frames":             {[]byte{31<<3 | 3, 0}, 0},
		"cut short":             {[]byte{31<<3 | 3}, 0},
		"empty":                 {nil, 0},
	} {
		got, err := OpusDuration(tc.packet)
		if got != tc.want || (err != nil) != (tc.want == 0) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, tc.want)
		}
	}
}

func TestOpusTrack(t *testing.T) {
	want := av.Track{Kind: av.Audio, Codec: av.Opus, SampleRate: 48000, Channels: 2, Profile: "Opus"}
	if diff := cmp.Diff(want, OpusTrack(2)); diff != "" {
		t.Error(diff)
	}
}

func TestOpusFrame(t *testing.T) {
	packet := make([]byte, av.MaxPayload)
	want := &av.Frame{Parts: [][]byte{packet}, Payloads: []av.Payload{{Body: packet}}}
	if diff := cmp.Diff(want, OpusFrame(packet)); diff != "" {
		t.Error(diff)
	}
	for _, p := range [][]byte{{}, make([]byte, av.MaxPayload+1)} {
		if f := OpusFrame(p); len(f.Payloads) != 0 || len(f.Parts) != 1 {
			t.Errorf("%d bytes: %d payloads, %d parts", len(p), len(f.Payloads), len(f.Parts))
		}
	}
}

func FuzzOpusDuration(f *testing.F) {
	// Heads of packets that libopus made: stereo at 128 kb/s in 20 ms, speech
	// in 20, 60 and 40 ms, 2.5 ms, 120 ms.
	for _, p := range [][]byte{
		{0xFC, 0xB0, 0x1F, 0xC9},
		{0x48, 0x9C, 0x1B, 0x51},
		{0x58, 0xE6, 0x70, 0x97},
		{0x10, 0xCE, 0x48, 0x15},
		{0xE4, 0xAD, 0xC5, 0xBF},
		{0xDF, 0x86, 0xA9, 0xAF},
	} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		d, err := OpusDuration(packet)
		if err == nil && (d < 2500*time.Microsecond || d > 120*time.Millisecond) {
			t.Fatalf("%v", d)
		}
	})
}
