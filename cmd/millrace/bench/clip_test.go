package bench

import (
	"math"
	"os"
	"testing"
)

const (
	clean   = "../../../transmux/flv/testdata/zerolatency.flv"
	bFrames = "../../../transmux/flv/testdata/small-bframes-44k.flv"
	demo    = "../demo/clip.flv"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClipShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		rate    float64
		leftOut bool
	}{clean: {30, false}, bFrames: {30, true}, demo: {30, false}} {
		c, err := readClip(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		all := c.PictureRate * float64(c.PicturesInAll) / float64(c.PicturesInAll-c.LeftOut)
		if math.Abs(all-tt.rate) > 1 || (c.LeftOut > 0) != tt.leftOut || !c.HasSound || c.lengthSize != 4 {
			t.Errorf("%s: %+v", name, c)
		}
		if bits := c.PictureRate * c.Packets * c.PacketBytes * 8; math.Abs(bits/c.VideoBitrate-1) > 0.01 {
			t.Errorf("%s: packets make %.0f b/s of %.0f", name, bits, c.VideoBitrate)
		}
	}
}

func TestClipsThatAreNone(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing":     nil,
		"no FLV":      []byte("RIFF............"),
		"header only": []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"),
		"far header":  []byte("FLV\x01\x05\xff\xff\xff\xff\x00\x00\x00\x00"),
		"cut off":     read(t, demo)[:300],
	} {
		if c, err := readClip(raw); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add(read(f, demo)[:3000])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := readClip(raw); err == nil && (c.PictureRate <= 0 || c.Packets <= 0) {
			t.Errorf("%+v", c)
		}
	})
}
