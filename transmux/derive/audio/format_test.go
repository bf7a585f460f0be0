//go:build !noaac

package audio

import (
	"errors"
	"strings"
	"testing"

	"millrace/transmux/avtest"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		config []byte
		err    error
		words  string
	}{
		"44.1 kHz stereo":            {config: []byte{0x12, 0x10}},
		"48 kHz mono":                {config: []byte{0x11, 0x88}},
		"7350 Hz":                    {config: []byte{0x16, 0x10}},
		"ffmpeg's, which denies SBR": {config: []byte{0x12, 0x10, 0x56, 0xe5, 0x00}},
		"48 kHz, written out":        {config: []byte{0x17, 0x80, 0x5d, 0xc0, 0x10}},
		"a rate of its own":          {[]byte{0x17, 0x80, 0x49, 0x9a, 0x10}, ErrUnsupported, "37684 Hz"},
		"an SBR extension":           {[]byte{0x13, 0x10, 0x56, 0xe5, 0x98}, ErrUnsupported, "HE-AAC cannot"},
		"Main":                       {[]byte{0x09, 0x90}, ErrUnsupported, "AAC Main"},
		"LD":                         {[]byte{0xb9, 0x90, 0x00}, ErrUnsupported, "AAC-LD"},
		"5.1":                        {[]byte{0x11, 0xb0}, ErrUnsupported, "6 channels"},
		"960 samples":                {[]byte{0x11, 0x94}, ErrUnsupported, "960"},
		"empty":                      {nil, ErrConfig, ""},
		"one byte":                   {[]byte{0x12}, ErrConfig, ""},
	} {
		err := Check(c.config)
		if !errors.Is(err, c.err) || (c.err == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %q does not say %q", name, err, c.words)
		}
		if _, newErr := New(c.config); (newErr == nil) != (err == nil) {
			t.Errorf("%s: Check says %v, New %v", name, err, newErr)
		}
	}
}

func TestCheckTakesWhatPublishersSend(t *testing.T) {
	for _, c := range avtest.AACConfigs() {
		if err := Check(c.ASC); (err == nil) != c.Playable || err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s, %d Hz, %d channels: %v", c.Profile, c.SampleRate, c.Channels, err)
		}
	}
}
