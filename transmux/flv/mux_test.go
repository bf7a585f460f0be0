package flv

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
	"millrace/transmux/avtest/ertmp"
)

func nothingEnhanced(string) bool { return false }

func everything(string) bool { return true }

// What is written is what was read, bit by bit where nothing idle was in it.
func TestMuxedMediaReadsTheSame(t *testing.T) {
	for _, name := range []string{"obs-default", "small-bframes-44k"} {
		var first, second Demuxer
		var last *av.Track
		frames := 0
		for i, body := range bodies(t, name, true, 40) {
			dts := time.Duration(i) * 33 * time.Millisecond
			e, err := first.Video(dts, body)
			if err != nil {
				t.Fatal(err)
			}
			if e.Track != nil {
				last = e.Track
				again, err := second.Video(dts, Header(last, FormOf(last, nothingEnhanced)))
				if err != nil || again.Track == nil {
					t.Fatalf("%s: sequence header: %+v, %v", name, again, err)
				}
				if diff := cmp.Diff(last, again.Track); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			if e.Frame == nil {
				continue
			}
			frames++
			e.Frame.Track = last
			got, err := second.Video(dts, AppendBody(nil, e.Frame, Legacy, e.Frame.PTS-e.Frame.DTS))
			if err != nil || got.Frame == nil {
				t.Fatalf("%s: frame %d: %+v, %v", name, i, got, err)
			}
			if got.Frame.PTS != e.Frame.PTS || got.Frame.Type != e.Frame.Type {
				t.Errorf("%s: frame %d: %v %v, want %v %v", name, i, got.Frame.PTS, got.Frame.Type, e.Frame.PTS, e.Frame.Type)
			}
			var want [][]byte
			for _, p := range e.Frame.Parts {
				if !h264Idle(p[0]) {
					want = append(want, p)
				}
			}
			// Not by cmp, which takes seconds for pictures.
			if !slices.EqualFunc(want, got.Frame.Parts, bytes.Equal) {
				t.Errorf("%s: frame %d: its units changed", name, i)
			}
		}
		if frames < 30 {
			t.Errorf("%s: %d frames", name, frames)
		}
	}
}

// So is what came by FourCC: each clip's default tracks are written and read again.
func TestMuxedEnhancedReadsTheSame(t *testing.T) {
	for name, clip := range ertmp.Clips() {
		var first, second Demuxer
		last := map[bool]*av.Track{}
		frames := 0
		for i, m := range clip {
			read, again := first.Audio, second.Audio
			if m.Video {
				read, again = first.Video, second.Video
			}
			e, err := read(m.At, bytes.Clone(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			if e.Number != 0 {
				continue
			}
			if e.Track != nil {
				last[m.Video] = e.Track
				if header := Header(e.Track, Enhanced); header != nil {
					got, err := again(m.At, header)
					known := got.Track != nil || e.Track.Codec == av.VP9 // by its keyframes only
					if err != nil || !known || got.Track != nil && !sameTrack(got.Track, e.Track) {
						t.Errorf("%s: header of %v: %+v, %v", name, e.Track.Codec, got.Track, err)
					}
				}
			}
			if e.Frame == nil {
				continue
			}
			e.Frame.Track = last[m.Video]
			got, err := again(e.Frame.DTS, AppendBody(nil, e.Frame, Enhanced, e.Frame.PTS-e.Frame.DTS))
			if err != nil || got.Frame == nil || got.Frame.Type != e.Frame.Type || !slices.EqualFunc(got.Frame.Parts, e.Frame.Parts, bytes.Equal) {
				t.Fatalf("%s: message %d comes back changed: %v", name, i, err)
			}
			frames++
		}
		if frames < 150 {
			t.Errorf("%s: %d frames", name, frames)
		}
	}
}

func TestMuxedAAC(t *testing.T) {
	var first, second Demuxer
	var last *av.Track
	for i, body := range bodies(t, "small-bframes-44k", false, 10) {
		e, err := first.Audio(0, body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Track != nil {
			last = e.Track
			if again, err := second.Audio(0, Header(last, Legacy)); err != nil || cmp.Diff(last, again.Track) != "" {
				t.Fatalf("%+v, %v", again, err)
			}
		}
		if e.Frame == nil {
			continue
		}
		e.Frame.Track = last
		got, err := second.Audio(0, AppendBody(nil, e.Frame, Legacy, 0))
		if err != nil || got.Frame == nil || !bytes.Equal(got.Frame.Parts[0], e.Frame.Parts[0]) {
			t.Fatalf("packet %d: %+v, %v", i, got, err)
		}
	}
}

func TestFormOf(t *testing.T) {
	for _, tc := range []struct {
		codec       av.Codec
		rate        int
		plain, full Form
	}{
		{av.H264, 0, Legacy, Legacy},
		{av.AAC, 48000, Legacy, Legacy},
		{av.MP3, 44100, Legacy, Legacy},
		{av.MP3, 48000, NoForm, Enhanced},
		{av.PCMA, 8000, Legacy, Legacy},
		{av.H265, 0, NoForm, Enhanced},
		{av.AV1, 0, NoForm, Enhanced},
		{av.Opus, 48000, NoForm, Enhanced},
		{av.FLAC, 48000, NoForm, Enhanced},
	} {
		track := &av.Track{Kind: tc.codec.Kind(), Codec: tc.codec, SampleRate: tc.rate}
		if plain, full := FormOf(track, nothingEnhanced), FormOf(track, everything); plain != tc.plain || full != tc.full {
			t.Errorf("%v at %d: %d and %d, want %d and %d", tc.codec, tc.rate, plain, full, tc.plain, tc.full)
		}
	}
}

func TestEnhancedHeads(t *testing.T) {
	vps := []byte{0x40, 1, 0x0c}
	// Two emulation prevention bytes stand within profile_tier_level.
	sps := []byte{0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 93, 0xa0}
	h265 := &av.Track{Kind: av.Video, Codec: av.H265, Config: [][]byte{vps, sps, {0x44, 1}}}
	got := Header(h265, Enhanced)
	want := []byte{0x90, 'h', 'v', 'c', '1', 1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0, 0x0F, 3}
	if !bytes.HasPrefix(got, want) {
		t.Errorf("hvcC is\n% x, want\n% x", got, want)
	}
	frame := &av.Frame{Track: h265, Type: av.Key, Parts: [][]byte{{0x46, 1}, {0x26, 1, 0xAF}}}
	if diff := cmp.Diff([]byte{0x91, 'h', 'v', 'c', '1', 0, 0, 33, 0, 0, 0, 3, 0x26, 1, 0xAF}, AppendBody(nil, frame, Enhanced, 33*time.Millisecond)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]byte{0x93, 'h', 'v', 'c', '1', 0, 0, 0, 3, 0x26, 1, 0xAF}, AppendBody(nil, frame, Enhanced, 0)); diff != "" {
		t.Error(diff)
	}
	av1 := &av.Track{Kind: av.Video, Codec: av.AV1, Config: [][]byte{{0x08, 0, 0, 0x10}}}
	if diff := cmp.Diff([]byte{0x90, 'a', 'v', '0', '1', 0x81, 8, 0x0C, 0, 0x0A, 3, 0, 0, 0x10}, Header(av1, Enhanced)); diff != "" {
		t.Error(diff)
	}
	picture := &av.Frame{Track: av1, Parts: [][]byte{{0x34, 0x08, 7, 8}}} // with an extension
	if diff := cmp.Diff([]byte{0xA1, 'a', 'v', '0', '1', 0x36, 0x08, 2, 7, 8}, AppendBody(nil, picture, Enhanced, time.Second)); diff != "" {
		t.Error(diff)
	}
	opus := &av.Track{Kind: av.Audio, Codec: av.Opus, SampleRate: 48000, Channels: 2}
	if diff := cmp.Diff(append([]byte{0x90}, "OpusOpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00"...), Header(opus, Enhanced)); diff != "" {
		t.Error(diff)
	}
}

func TestMetadata(t *testing.T) {
	m := Metadata{
		Video: &av.Track{Kind: av.Video, Codec: av.H265, Width: 640, Height: 360}, VideoForm: Enhanced,
		Audio: &av.Track{Kind: av.Audio, Codec: av.AAC, SampleRate: 44100, Channels: 2}, AudioForm: Legacy,
		Encoder: "x",
	}
	b := m.Body()
	for key, want := range map[string]float64{"width": 640, "height": 360, "videocodecid": 0x68766331, "audiocodecid": 10, "audiosamplerate": 44100} {
		at := bytes.Index(b, append(sized(key), amfNumber))
		if at < 0 {
			t.Errorf("no %s", key)
			continue
		}
		if got := math.Float64frombits(binary.BigEndian.Uint64(b[at+2+len(key)+1:])); got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}
