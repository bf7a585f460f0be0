package codecs

import (
	"errors"
	"fmt"
	"math/bits"

	"millrace/transmux/av"
)

// h265SliceHead is how many bytes of a slice are looked at: up to its reference
// picture set, which in any encoder's stream takes a third of it.
const h265SliceHead = 128

// h265FrameType tells the type of the access unit that non-empty nalus make, and
// whether there is a coded picture of the base layer in it at all.
func h265FrameType(t *av.Track, nalus [][]byte) (typ av.Type, coded bool, err error) {
	for _, n := range nalus {
		if len(n) < 2 {
			return 0, false, errors.New("a NAL unit of one byte")
		}
		kind := h265Type(n)
		if h265Layer(n) != 0 || kind > h265LastPicture && !h265IRAP(kind) {
			continue
		}
		if len(n) < 3 {
			return 0, false, errors.New("a slice without a header")
		}
		if h265IRAP(kind) {
			return av.Key, true, nil
		}
		if !coded && n[2]&0x80 != 0 { // the picture's first slice speaks for all
			if h265Early(t, n) {
				typ = av.Bidirectional
			}
		}
		coded = true
	}
	return typ, coded, nil
}

// h265Early reports whether the picture that a slice begins is shown before one
// that it follows in the stream: the leading pictures of a keyframe are, and those
// that are to keep a picture for reference that comes later. What cannot be read
// is not.
func h265Early(t *av.Track, slice []byte) bool {
	if kind := h265Type(slice); kind >= h265RADLN && kind <= h265LastPicture {
		return true
	}
	if t == nil || len(t.Config) < 3 {
		return false
	}
	var s h265SPSFields
	if s.parse(t.Config[1]) != nil || !s.reorders {
		return false
	}
	var room [h265SliceHead]byte
	r := bitReader{data: unescape(room[:], slice[2:])}
	r.flag() // first_slice_segment_in_pic_flag
	p, ok := h265FindPPS(t.Config[2:], r.golomb())
	if !ok {
		return false
	}
	r.bits(p.extraBits)
	r.golomb() // slice_type
	if p.outputFlag {
		r.flag()
	}
	if s.separatePlanes {
		r.bits(2)
	}
	r.bits(s.pocBits)
	set := s.setCount
	if !r.flag() {
		s.refSet(&r, set)
	} else if s.setCount > 1 {
		set = r.bits(bits.Len(uint(s.setCount - 1)))
	} else {
		set = 0
	}
	return r.err == nil && set <= s.setCount && s.sets[set].after > 0
}

// h265PPSFields is what is used of a picture parameter set.
type h265PPSFields struct {
	id, sps    uint8
	outputFlag bool // slices say whether they are shown
	extraBits  int  // slices have so many reserved bits
}

// parseH265PPS reads the head of a PPS (ITU-T H.265 section 7.3.2.3.1).
func parseH265PPS(nalu []byte) (h265PPSFields, error) {
	if !h265Base(nalu) || h265Type(nalu) != h265PPS {
		return h265PPSFields{}, errors.New("codecs: H.265 PPS: not a PPS")
	}
	var room [ppsHead]byte
	r := bitReader{data: unescape(room[:], nalu[2:])}
	id, sps := r.golomb(), r.golomb()
	r.flag() // dependent slices do not begin a picture
	p := h265PPSFields{id: uint8(id), sps: uint8(sps), outputFlag: r.flag(), extraBits: r.bits(3)}
	if r.err != nil {
		return h265PPSFields{}, fmt.Errorf("codecs: H.265 PPS: %w", r.err)
	}
	if id > 63 || sps > 15 {
		return h265PPSFields{}, fmt.Errorf("codecs: H.265 PPS: id %d for SPS %d is out of range", id, sps)
	}
	return p, nil
}

func h265FindPPS(list [][]byte, id int) (h265PPSFields, bool) {
	for _, n := range list {
		if p, err := parseH265PPS(n); err == nil && int(p.id) == id {
			return p, true
		}
	}
	return h265PPSFields{}, false
}
