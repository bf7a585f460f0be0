package codecs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// bitString packs a string of 0s and 1s (spaces ignored) into bytes.
func bitString(s string) (b []byte) {
	n := 0
	for _, c := range s {
		if c == ' ' {
			continue
		}
		if n%8 == 0 {
			b = append(b, 0)
		}
		if c == '1' {
			b[n/8] |= 0x80 >> (n % 8)
		}
		n++
	}
	return b
}

func TestAACTrack(t *testing.T) {
	// A program config element: front pair, back pair, two LFEs, alignment. A
	// comment follows.
	const pce = "0000 01 0011  0001 0000 0001 10 000 0000 0 0 0  1 0000 1 0001 0000 0001 0000"
	for name, tc := range map[string]struct {
		asc            []byte
		profile        string
		rate, channels int
		samples        int
	}{
		"OBS":                      {readMedia(t, "obs-default").asc, "AAC-LC", 48000, 2, 1024},
		"ffmpeg, SBR denied":       {readMedia(t, "small-bframes-44k").asc, "AAC-LC", 44100, 2, 1024},
		"mono, explicit rate":      {bitString("00010 1111 000000001011101110000000 0001 000"), "AAC-LC", 48000, 1, 1024},
		"short frames":             {bitString("00010 0011 0010 100"), "AAC-LC", 48000, 2, 960},
		"core coder":               {bitString("00010 0011 0010 0 1 00000000000001 0"), "AAC-LC", 48000, 2, 1024},
		"7.1":                      {bitString("00010 0011 0111 000"), "AAC-LC", 48000, 8, 1024},
		"6.1":                      {bitString("00010 0011 1011 000"), "AAC-LC", 48000, 7, 1024},
		"HE-AAC, hierarchical":     {bitString("00101 0110 0010 0011 00010 000"), "HE-AAC", 48000, 2, 2048},
		"HE-AAC, sync extension":   {bitString("00010 0110 0010 000 01010110111 00101 1 0011"), "HE-AAC", 48000, 2, 2048},
		"HE-AAC, not upsampled":    {bitString("00101 0011 0010 0011 00010 000"), "HE-AAC", 48000, 2, 1024},
		"HE-AAC v2, hierarchical":  {bitString("11101 0110 0001 0011 00010 000"), "HE-AAC v2", 48000, 2, 2048},
		"HE-AAC v2, sync":          {bitString("00010 0110 0001 000 01010110111 00101 1 0011 10101001000 1"), "HE-AAC v2", 48000, 2, 2048},
		"sync extension cut short": {bitString("00010 0110 0010 000 01010110111 00101"), "AAC-LC", 24000, 2, 1024},
		"another extension":        {bitString("00010 0110 0010 000 01010110110 00101 1 0011"), "AAC-LC", 24000, 2, 1024},
		"sync with reserved rate":  {bitString("00010 0110 0010 000 01010110111 00101 1 1110"), "AAC-LC", 24000, 2, 1024},
		"channels by PCE":          {bitString("00010 0011 0000 000" + pce + "00000001 11111111"), "AAC-LC", 48000, 6, 1024},
		"PCE, then SBR":            {bitString("00010 0110 0000 000" + pce + "00000001 11111111" + "01010110111 00101 1 0011"), "HE-AAC", 48000, 6, 2048},
		"Main":                     {bitString("00001 0100 0010 000"), "AAC Main", 44100, 2, 1024},
		"LD":                       {bitString("10111 0011 0010 001 000 0"), "AAC-LD", 48000, 2, 512},
		"ELD":                      {bitString("11111 000111 0011 0001 1000"), "AAC-ELD", 48000, 1, 480},
		"xHE-AAC":                  {bitString("11111 001010 0011 0010 0000"), "xHE-AAC", 48000, 2, 1024},
		"BSAC under SBR":           {bitString("00101 0110 0010 0011 10110 0010 001 00000 00000000000 0"), "ER BSAC", 48000, 2, 2048},
		"scalable":                 {bitString("00110 0011 0010 000 001"), "AAC Scalable", 48000, 2, 1024},
		"something else":           {bitString("11111 000100 0011 0010"), "MPEG-4 audio object type 36", 48000, 2, 1024},
	} {
		got, err := AACTrack(tc.asc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := av.Track{
			Kind: av.Audio, Codec: av.AAC, Config: [][]byte{tc.asc},
			SampleRate: tc.rate, Channels: tc.channels, Profile: tc.profile,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if n := AACFrameSamples(&got); n != tc.samples {
			t.Errorf("%s: %d samples, want %d", name, n, tc.samples)
		}
		if &got.Config[0][0] == &tc.asc[0] {
			t.Errorf("%s: the track holds on to the message it came in", name)
		}
	}
}

func TestAACTrackRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		asc  []byte
		word string // in the error
	}{
		"nothing":                  {nil, "bits"},
		"one byte":                 {[]byte{0x11}, "bits"},
		"no object type":           {bitString("00000 0011 0010 000"), "object type"},
		"a reserved rate":          {bitString("00010 1101 0010 000"), "rate index"},
		"a rate of nothing":        {bitString("00010 1111 000000000000000000000000 0010 000"), "0 Hz"},
		"an absurd rate":           {bitString("00010 1111 111111111111111111111111 0010 000"), "16777215 Hz"},
		"an absurd rate of SBR":    {bitString("00101 0110 0010 1111 000000000000000000000001 00010 000"), "1 Hz"},
		"reserved channels":        {bitString("00010 0011 1000 000"), "channel configuration 8"},
		"channels 0, nothing else": {bitString("00010 0011 0000 000 0"), "bits"},
		"channels 0, empty PCE":    {bitString("00010 0011 0000 000" + strings.Repeat("0", 80)), "program config element"},
		"channels 0 in xHE-AAC":    {bitString("11111 001010 0011 0000 0000"), "program config element"},
		"too long":                 {make([]byte, maxAACConfig+1), "bytes"},
	} {
		_, err := AACTrack(tc.asc)
		if err == nil || !strings.Contains(err.Error(), tc.word) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, track := range []av.Track{
		{Codec: av.Opus, Config: [][]byte{{0x11, 0x90}}},
		{Codec: av.AAC},
		{Codec: av.AAC, Config: [][]byte{{0x11}}},
	} {
		if n := AACFrameSamples(&track); n != 0 {
			t.Errorf("%v: %d samples", track, n)
		}
	}
}

func TestAACFrame(t *testing.T) {
	au := readMedia(t, "obs-default").audio[0]
	if diff := cmp.Diff(&av.Frame{Parts: [][]byte{au}}, AACFrame(au)); diff != "" {
		t.Error(diff)
	}
}

func FuzzAACTrack(f *testing.F) {
	for _, name := range mediaFiles {
		f.Add(readMedia(f, name).asc)
	}
	f.Add(bitString("00101 0110 0010 0011 00010 000"))
	f.Add(bitString("00010 0011 0000 000 0000 01 0011 0001 0000 0001 01 000 0000 0 0 0 1 0000 1 0001 0000 0000000 00000000"))
	f.Fuzz(func(t *testing.T, asc []byte) {
		track, err := AACTrack(asc)
		if err != nil {
			return
		}
		if track.SampleRate < minSampleRate || track.SampleRate > maxSampleRate ||
			track.Channels < 1 || track.Channels > 3*15*2 || track.Profile == "" || AACFrameSamples(&track) < 480 {
			t.Fatalf("%+v", track)
		}
	})
}
