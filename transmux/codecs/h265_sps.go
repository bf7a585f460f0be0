package codecs

import (
	"errors"
	"fmt"
)

// h265SPSFields is what is used of a sequence parameter set. The library's reader
// refuses sub-layers with a level of their own and allocates for every field;
// this one is run for every frame, and stops where its caller needs no more.
type h265SPSFields struct {
	subLayers                int // beyond the first
	profileSpace, tier       int
	profileIDC, levelIDC     int
	id                       uint8
	chroma                   int
	separatePlanes           bool
	width, height            int64
	left, right, top, bottom int64 // of the conformance window, in chroma units
	lumaDepth, chromaDepth   int
	pocBits                  int
	reorders                 bool // any sub-layer may have pictures out of order
	setCount                 int
	sets                     [maxRefSets + 1]h265RefSet // the last is a slice's own
}

// parse reads a base layer's SPS (ITU-T H.265 section 7.3.2.2) up to its
// reference picture sets.
func (s *h265SPSFields) parse(nalu []byte) error {
	if len(nalu) > maxParameterSets {
		return fmt.Errorf("%d bytes, more than %d", len(nalu), maxParameterSets)
	}
	if !h265Base(nalu) || h265Type(nalu) != h265SPS {
		return errors.New("not an SPS")
	}
	var room [spsRoom]byte
	buf := room[:]
	if len(nalu) > spsRoom {
		buf = make([]byte, len(nalu))
	}
	r := bitReader{data: unescape(buf, nalu[2:])}
	r.bits(4) // sps_video_parameter_set_id
	s.subLayers = r.bits(3)
	r.flag() // temporal id nesting
	s.profileTierLevel(&r)
	id := r.golomb()
	if id > 15 {
		return fmt.Errorf("id %d is out of range", id)
	}
	s.id = uint8(id)
	s.picture(&r)
	s.blocks(&r)
	s.refSets(&r)
	if r.err == nil && s.subLayers > 6 {
		r.err = errors.New("eight sub-layers")
	}
	return r.err
}

// spsRoom is the size in bytes of the SPSs that are read without an allocation.
const spsRoom = 256

// profileTierLevel reads profile_tier_level (section 7.3.3).
func (s *h265SPSFields) profileTierLevel(r *bitReader) {
	s.profileSpace = r.bits(2)
	s.tier = r.bits(1)
	s.profileIDC = r.bits(5)
	compatible := r.bits(32)
	r.bits(48) // constraints
	s.levelIDC = r.bits(8)
	for i := 1; s.profileIDC == 0 && i < 32; i++ { // an encoder that says it the other way
		if compatible>>(31-i)&1 == 1 {
			s.profileIDC = i
		}
	}
	if s.subLayers == 0 {
		return
	}
	skip := 0
	for i := range 8 { // those that are not there are reserved bits
		profile, level := r.flag(), r.flag()
		if i >= s.subLayers {
			continue
		}
		if profile {
			skip += 88
		}
		if level {
			skip += 8
		}
	}
	r.skip(skip)
}

// picture reads size, window, depth and order.
func (s *h265SPSFields) picture(r *bitReader) {
	s.chroma = r.golomb()
	if s.chroma > 3 {
		r.fail("chroma format %d", s.chroma)
	}
	if s.chroma == 3 {
		s.separatePlanes = r.flag()
	}
	s.width, s.height = int64(r.golomb()), int64(r.golomb())
	if r.flag() {
		s.left, s.right = int64(r.golomb()), int64(r.golomb())
		s.top, s.bottom = int64(r.golomb()), int64(r.golomb())
	}
	s.lumaDepth, s.chromaDepth = 8+r.golomb(), 8+r.golomb()
	s.pocBits = 4 + r.golomb()
	if s.lumaDepth > 16 || s.chromaDepth > 16 || s.pocBits > 16 {
		r.fail("a depth of %d and %d bits, or a count of %d", s.lumaDepth, s.chromaDepth, s.pocBits)
	}
	first := s.subLayers
	if r.flag() { // each sub-layer has its own
		first = 0
	}
	for range s.subLayers - first + 1 {
		r.golomb() // sps_max_dec_pic_buffering_minus1
		s.reorders = r.golomb() > 0 || s.reorders
		r.golomb() // sps_max_latency_increase_plus1
	}
}

// blocks passes over how pictures are coded.
func (s *h265SPSFields) blocks(r *bitReader) {
	for range 6 {
		r.golomb() // sizes of blocks, depths of their trees
	}
	if r.flag() { // scaling lists,
		if r.flag() { // and not the default ones
			skipScalingLists(r)
		}
	}
	r.bits(2)     // amp_enabled_flag, sample_adaptive_offset_enabled_flag
	if r.flag() { // pcm_enabled_flag
		r.bits(8)
		r.golomb()
		r.golomb()
		r.bits(1)
	}
}

// skipScalingLists passes over scaling_list_data (section 7.3.4).
func skipScalingLists(r *bitReader) {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for matrix := 0; matrix < 6; matrix += step {
			if !r.flag() { // like another one
				r.golomb()
				continue
			}
			if size > 1 {
				r.golomb()
			}
			for range min(64, 1<<(4+size<<1)) {
				r.golomb() // signed ones are as long
			}
		}
	}
}

// dimensions computes the size in pixels that is left of the picture after
// cropping (section 7.4.3.2.1).
func (s *h265SPSFields) dimensions() (width, height int, err error) {
	x, y := int64(1), int64(1)
	if !s.separatePlanes && (s.chroma == 1 || s.chroma == 2) {
		x = 2
	}
	if s.chroma == 1 {
		y = 2
	}
	if s.width > maxH265Dimension || s.height > maxH265Dimension {
		return 0, 0, fmt.Errorf("picture of %dx%d is beyond every level", s.width, s.height)
	}
	w, h := s.width-x*(s.left+s.right), s.height-y*(s.top+s.bottom)
	if w < 1 || h < 1 {
		return 0, 0, errors.New("cropping leaves no picture")
	}
	return int(w), int(h), nil
}
