package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"testing"
	"time"
)

// The FLV tag types.
const (
	tagAudio  = 8
	tagVideo  = 9
	tagScript = 18
)

// tag is one message of a clip.
type tag struct {
	kind byte
	at   time.Duration
	body []byte
}

// frame is whether the tag holds a coded picture, not its configuration.
func (g *tag) frame() bool { return g.kind == tagVideo && len(g.body) > 5 && g.body[1] == 1 }

// clip is a file's messages in order.
type clip struct {
	tags   []tag
	length time.Duration // of one turn: to the last tag and one step on
}

// readClip reads an FLV file (Adobe's FLV specification 10.1, annex E).
func readClip(t *testing.T, file string) *clip {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &clip{}
	for b = b[13:]; len(b) >= 11; {
		size := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		ms := uint32(b[4])<<16 | uint32(b[5])<<8 | uint32(b[6]) | uint32(b[7])<<24
		c.tags = append(c.tags, tag{b[0], time.Duration(ms) * time.Millisecond, b[11 : 11+size]})
		b = b[min(len(b), 11+size+4):]
	}
	c.length = c.tags[len(c.tags)-1].at + 33*time.Millisecond
	return c
}

// pictures are the clip's coded pictures without its B-frames.
func (c *clip) pictures() [][][]byte {
	var out [][][]byte
	for i := range c.tags {
		if !c.tags[i].frame() {
			continue
		}
		if units := avcc(c.tags[i].body[5:]); !bidirectional(units) {
			out = append(out, units)
		}
	}
	return out
}

// avcc splits a picture with lengths of four bytes (ISO 14496-15).
func avcc(b []byte) (units [][]byte) {
	for len(b) > 4 {
		n := int(binary.BigEndian.Uint32(b))
		units = append(units, b[4:4+n])
		b = b[4+n:]
	}
	return units
}

func isSlice(unit []byte) bool { return unit[0]&0x1F >= 1 && unit[0]&0x1F <= 5 }

// bidirectional is whether a picture has a B slice (H.264 table 7-6).
func bidirectional(units [][]byte) bool {
	for _, u := range units {
		if isSlice(u) && sliceType(u)%5 == 1 {
			return true
		}
	}
	return false
}

// sliceType reads slice_type, the second Exp-Golomb number of a slice. The few
// bytes it is in hold no emulation prevention in practice.
func sliceType(unit []byte) int {
	bits, at := unit[1:], 0
	bit := func() int {
		v := int(bits[at/8]>>(7-at%8)) & 1
		at++
		return v
	}
	number := func() int {
		zeros := 0
		for bit() == 0 {
			zeros++
		}
		v := 1
		for range zeros {
			v = v<<1 | bit()
		}
		return v - 1
	}
	number() // first_mb_in_slice
	return number()
}

// fingerprint tells a picture by its slices: parameter sets and SEI may be added
// or left out on the way, slices may not be touched.
func fingerprint(units [][]byte) [32]byte {
	var slices [][]byte
	for _, u := range units {
		if isSlice(u) {
			slices = append(slices, u)
		}
	}
	return sha256.Sum256(bytes.Join(slices, []byte{0, 0, 1}))
}

// annexB writes pictures as a decoder takes them from a file.
func annexB(pictures [][][]byte) []byte {
	var b bytes.Buffer
	for _, p := range pictures {
		for _, u := range p {
			b.Write([]byte{0, 0, 0, 1})
			b.Write(u)
		}
	}
	return b.Bytes()
}
