package codecs

import (
	"fmt"
	"testing"
)

// Frames' heads as ffmpeg 5.1's encoders write them (libmp3lame, ac3, eac3, flac).
func TestSoundHeaders(t *testing.T) {
	for name, tc := range map[string]struct {
		head func([]byte) (string, error)
		data string
		want string // empty for an error
	}{
		"MP3":           {mp3Head, "fffb9064", "2 44100 1152"},
		"MP3 mono":      {mp3Head, "fffb94c4", "1 48000 1152"},
		"MPEG-2":        {mp3Head, "fff384c4", "1 24000 576"},
		"MPEG-2.5":      {mp3Head, "ffe384c4", "1 12000 576"},
		"layer II":      {mp3Head, "fffd9064", ""},
		"no sync":       {mp3Head, "00000000", ""},
		"short":         {mp3Head, "fffb90", ""},
		"reserved rate": {mp3Head, "fffb9c64", ""},
		"AC-3 5.1":      {ac3Head, "0b77b50b1e40ebf8", "6 48000"},
		"AC-3 stereo":   {ac3Head, "0b77fe95144043e1", "2 48000"},
		"AC-3 cut":      {ac3Head, "0b7700001e40", ""},
		"not AC-3":      {ac3Head, "0b7800001e40e1df", ""},
		"E-AC-3 5.1":    {eac3Head, "0b77037f3f87c000", "6 48000"},
		"E-AC-3 half":   {eac3Head, "0b7701ffc4800000", "2 24000"},
		"E-AC-3 cut":    {eac3Head, "0b7701ff3f80", ""},
	} {
		got, err := tc.head(unhex(t, tc.data))
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
		}
	}
}

func mp3Head(b []byte) (string, error) {
	channels, rate, samples, err := MP3Header(b)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(channels, rate, samples), nil
}

func ac3Head(b []byte) (string, error) {
	channels, rate, err := AC3Header(b)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(channels, rate), nil
}

func eac3Head(b []byte) (string, error) {
	channels, rate, err := EAC3Header(b)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(channels, rate), nil
}

func TestFLACTrack(t *testing.T) {
	info := unhex(t, "12001200000010000f590bb800f0000000000000000000000000000000000000000000")[:flacStreamInfo]
	info[10], info[11], info[12], info[13] = 0x0B, 0xB8, 0x02, 0xF0
	for name, in := range map[string][]byte{
		"bare":        info,
		"with header": append([]byte{0x80, 0, 0, 34}, info...),
		"with marker": append(append([]byte("fLaC"), 0x00, 0, 0, 34), append(info[:34:34], 4, 0, 0, 0)...),
	} {
		track, err := FLACTrack(in)
		if err != nil || track.SampleRate != 48000 || track.Channels != 2 || track.Profile != "FLAC 16 bit" || len(track.Config[0]) != 34 {
			t.Errorf("%s: %+v, %v", name, track, err)
		}
	}
	for name, in := range map[string][]byte{"nothing": nil, "short": info[:20], "no rate": make([]byte, 34)} {
		if track, err := FLACTrack(in); err == nil {
			t.Errorf("%s: %+v", name, track)
		}
	}
	for _, f := range [][]byte{MP3Frame(info).Parts[0], AC3Frame(info).Parts[0], EAC3Frame(info).Parts[0], FLACFrame(info).Parts[0]} {
		if &f[0] != &info[0] {
			t.Error("the packet was copied")
		}
	}
}

func FuzzSound(f *testing.F) {
	for _, s := range []string{"fffb9064", "0b7700001e40e1df", "0b7701ff3f800000"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, head := range []func([]byte) (string, error){mp3Head, ac3Head, eac3Head} {
			_, _ = head(b)
		}
		if track, err := FLACTrack(b); err == nil && (track.Channels < 1 || track.Channels > 8) {
			t.Fatalf("%+v", track)
		}
	})
}
