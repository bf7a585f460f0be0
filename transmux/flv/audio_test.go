package flv

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAudioFrame(t *testing.T) {
	var d Demuxer
	au := []byte{0x21, 0x1A, 0x8F}
	raw := append([]byte{0xAF, 1}, au...)
	if e, err := d.Audio(0, raw); err != nil || e != (Event{}) {
		t.Fatalf("before the configuration: %+v, %v", e, err)
	}
	if _, err := d.Audio(0, []byte{0xAF, 0, 0x11, 0x90}); err != nil {
		t.Fatal(err)
	}
	e, err := d.Audio(time.Second, raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{au}, e.Frame.Parts); diff != "" {
		t.Error(diff)
	}
	if e.Frame.PTS != time.Second || e.Frame.DTS != time.Second || e.Frame.Payloads != nil {
		t.Errorf("%+v", e.Frame)
	}
}

func TestAudioSaysNothing(t *testing.T) {
	for name, body := range map[string][]byte{
		"an empty body":            nil,
		"no packet type":           {0xAF},
		"an empty sequence header": {0xAF, 0},
		"an empty access unit":     {0xAF, 1},
		"the Enhanced end":         {0x92, 'm', 'p', '4', 'a'},
		"Enhanced channel order":   {0x94, 'm', 'p', '4', 'a', 1, 2},
		"Enhanced silence":         {0x91, 'm', 'p', '4', 'a'},
	} {
		var d Demuxer
		if e, err := d.Audio(0, body); err != nil || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestAudioMalformed(t *testing.T) {
	for name, body := range map[string][]byte{
		"format 12":              {0xC0, 1},
		"packet type 2":          {0xAF, 2, 0},
		"half a configuration":   {0xAF, 0, 0x11},
		"a huge configuration":   append([]byte{0xAF, 0, 0x11, 0x90}, make([]byte, 4096)...),
		"a huge access unit":     append([]byte{0xAF, 1}, make([]byte, maxAccessUnit+1)...),
		"no FourCC":              {0x90, 'm', 'p'},
		"Enhanced packet type 3": {0x93, 'm', 'p', '4', 'a'},
	} {
		var d Demuxer
		e, err := d.Audio(0, body)
		if err == nil || errors.Is(err, ErrUnsupported) || !strings.HasPrefix(err.Error(), "flv: ") || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestAudioUnsupported(t *testing.T) {
	for name, tc := range map[string]struct {
		body  []byte
		words string
	}{
		"MP3":           {[]byte{0x2F, 0xFF}, "MP3 audio cannot be played in browsers: set the encoder to AAC"},
		"MP3 at 8 kHz":  {[]byte{0xE2, 0xFF}, "MP3 audio cannot be played in browsers: set the encoder to AAC"},
		"Speex":         {[]byte{0xB2, 0}, "Speex audio cannot be played in browsers: set the encoder to AAC"},
		"A-law":         {[]byte{0x72}, "G.711 A-law audio over RTMP cannot be played: set the encoder to AAC"},
		"legacy Opus":   {[]byte{0xDF, 0}, "Opus audio over RTMP cannot be played: set the encoder to AAC"},
		"Enhanced Opus": {[]byte{0x90, 'O', 'p', 'u', 's'}, `Opus audio ("Opus" over Enhanced RTMP) is not read yet: set the encoder to AAC`},
		"multitrack":    {[]byte{0x95, 0, 'm', 'p', '4', 'a'}, "multitrack"},
		"ModEx":         {[]byte{0x97, 0, 0}, "ModEx"},
	} {
		var d Demuxer
		if e, err := d.Audio(0, tc.body); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), tc.words) || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestAudioEnhancedAAC(t *testing.T) {
	var d Demuxer
	if e, err := d.Audio(0, []byte{0x90, 'm', 'p', '4', 'a', 0x12, 0x10}); err != nil || e.Track == nil || e.Track.SampleRate != 44100 {
		t.Fatalf("%+v, %v", e, err)
	}
	if e, err := d.Audio(time.Second, []byte{0x91, 'm', 'p', '4', 'a', 0x21, 0x1A}); err != nil || e.Frame == nil || e.Frame.Size() != 2 || e.Frame.PTS != time.Second {
		t.Fatalf("%+v, %v", e, err)
	}
}
