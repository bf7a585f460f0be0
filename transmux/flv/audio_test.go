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
		"Enhanced channel order":   {0x94, 'm', 'p', '4', 'a', 1, 2, 0, 0, 0, 3},
		"a custom order":           {0x94, 'm', 'p', '4', 'a', 2, 2, 0, 1},
		"no order":                 {0x94, 'm', 'p', '4', 'a', 0, 2},
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
		"format 12":            {0xC0, 1},
		"packet type 2":        {0xAF, 2, 0},
		"half a configuration": {0xAF, 0, 0x11},
		"a huge configuration": append([]byte{0xAF, 0, 0x11, 0x90}, make([]byte, 4096)...),
		"a huge access unit":   append([]byte{0xAF, 1}, make([]byte, maxAccessUnit+1)...),
		"no FourCC":            {0x90, 'm', 'p'},
		"half an order":        {0x94, 'm', 'p', '4', 'a', 1, 2, 0},
		"half a custom order":  {0x94, 'm', 'p', '4', 'a', 2, 2, 0},
		"no such order":        {0x94, 'm', 'p', '4', 'a', 3, 2, 0},
		"MP3 that is none":     {0x2F, 0xFF, 0, 0, 0},
		"a minute of G.711":    append([]byte{0x72}, make([]byte, maxPCM+1)...),
		"half an ID header":    append([]byte("\x90Opus"), "OpusHead\x01"...),
		"no ID header":         append([]byte("\x90Opus"), make([]byte, 19)...),
		"Opus without frames":  append([]byte("\x91Opus"), 0xFB, 0),
		"half STREAMINFO":      append([]byte("\x90fLaC"), make([]byte, 20)...),
		"AC-3 that is none":    append([]byte("\x91ac-3"), make([]byte, 20)...),
		"E-AC-3 that is none":  append([]byte("\x91ec-3"), make([]byte, 20)...),
		"a huge packet":        append([]byte("\x91fLaC"), make([]byte, maxPacket+1)...),
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
		"Speex":           {[]byte{0xB2, 0}, "Speex audio cannot be played in browsers: set the encoder to AAC"},
		"legacy Opus":     {[]byte{0xDF, 0}, "Opus audio without Enhanced RTMP cannot be played in browsers: set the encoder to AAC"},
		"unknown FourCC":  {[]byte{0x90, 'o', 'p', 'u', 's'}, `"opus"`},
		"a picture":       {[]byte{0x90, 'a', 'v', 'c', '1'}, `"avc1"`},
		"5.1 in Opus":     {append([]byte("\x90Opus"), "OpusHead\x01\x06\x00\x00\x80\xBB\x00\x00\x00\x00\x01"...), "Opus audio of 6 channels cannot be played in browsers: set the encoder to stereo"},
		"packet type 3":   {[]byte{0x93, 'm', 'p', '4', 'a'}, "packets of type 3"},
		"multitrack of 3": {[]byte{0x95, 0x30, 'm', 'p', '4', 'a'}, "multitrack of type 3"},
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
