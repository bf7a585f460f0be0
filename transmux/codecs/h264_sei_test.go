package codecs

import (
	"bytes"
	"testing"
)

func TestHasUserData(t *testing.T) {
	for name, tc := range map[string]struct {
		nalu []byte
		want bool
	}{
		"captions":               {[]byte{6, 4, 2, 0xB5, 0, 0x80}, true},
		"x264's settings":        {readMedia(t, "zerolatency").video[0][0], true},
		"picture timing":         {[]byte{6, 1, 2, 4, 4, 0x80}, false},
		"timing, then captions":  {[]byte{6, 1, 2, 4, 4, 4, 1, 9, 0x80}, true},
		"behind a long message":  {append(append([]byte{6, 1, 0xFF, 3}, bytes.Repeat([]byte{5}, 258)...), 5, 0, 0x80), true},
		"behind emulation bytes": {[]byte{6, 0, 4, 0, 0, 3, 0, 0, 3, 5, 0, 0x80}, true},
		"a type of 255 and more": {[]byte{6, 0xFF, 4, 0, 0x80}, false},
		"a size that lies":       {[]byte{6, 1, 200, 5, 0, 0x80}, false},
		"cut in a type":          {[]byte{6, 0xFF, 0xFF}, false},
		"cut in a size":          {[]byte{6, 1, 0xFF, 0xFF}, false},
		"nothing":                {[]byte{6}, false},
	} {
		if got := hasUserData(tc.nalu[1:]); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
