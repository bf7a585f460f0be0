package codecs

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/bits"
)

// av1Sequence is what a sequence header says that matters here.
type av1Sequence struct {
	profile, level int
	width, height  int
	reduced        bool // of a still picture
}

// parseAV1Sequence reads a sequence header OBU without size field up to its
// picture's size (AV1 specification section 5.5.1). Mediacommon's parser gives up on
// headers with a layer extension, a decoder model or display delays, all of which
// encoders send.
func parseAV1Sequence(obu []byte) (av1Sequence, error) {
	var s av1Sequence
	if len(obu) == 0 || av1Type(obu) != av1SequenceHeader || len(obu) < av1HeaderSize(obu) {
		return s, errors.New("codecs: AV1: not a sequence header")
	}
	r := av1Bits{data: obu[av1HeaderSize(obu):]}
	s.profile = r.read(3)
	r.read(1) // still_picture
	s.reduced = r.flag()
	if s.reduced {
		s.level = r.read(5)
	} else {
		s.level = av1OperatingPoints(&r)
	}
	widthBits, heightBits := r.read(4)+1, r.read(4)+1
	s.width, s.height = r.read(widthBits)+1, r.read(heightBits)+1
	if r.err != nil {
		return s, fmt.Errorf("codecs: AV1 sequence header: %w", r.err)
	}
	return s, nil
}

// av1OperatingPoints reads timing and operating points, and returns the level of
// the first one, which is all layers together.
func av1OperatingPoints(r *av1Bits) (level int) {
	delayBits, hasModel := 0, false
	if r.flag() { // timing_info_present_flag
		r.read(32)
		r.read(32)
		if r.flag() { // equal_picture_interval
			r.uvlc()
		}
		if hasModel = r.flag(); hasModel {
			delayBits = r.read(5) + 1
			r.read(32)
			r.read(10)
		}
	}
	hasDelay := r.flag()
	points := r.read(5) + 1
	for i := range points {
		r.read(12) // operating_point_idc
		l := r.read(5)
		if i == 0 {
			level = l
		}
		if l > 7 {
			r.read(1) // seq_tier
		}
		if hasModel && r.flag() {
			r.read(delayBits)
			r.read(delayBits)
			r.read(1) // low_delay_mode_flag
		}
		if hasDelay && r.flag() {
			r.read(4)
		}
	}
	return level
}

// av1Bits reads bits; after the first error everything is zero.
type av1Bits struct {
	data []byte
	pos  int
	err  error
}

func (r *av1Bits) read(n int) int {
	if r.err != nil || n == 0 { // at the end of the data, ReadBits panics over no bits
		return 0
	}
	v, err := bits.ReadBits(r.data, &r.pos, n)
	if err != nil {
		r.err = err
		return 0
	}
	return int(v)
}

func (r *av1Bits) flag() bool { return r.read(1) == 1 }

// uvlc skips a number of variable length (AV1 specification section 4.10.3).
func (r *av1Bits) uvlc() {
	zeros := 0
	for r.err == nil && !r.flag() {
		zeros++
	}
	if zeros < 32 {
		r.read(zeros)
	}
}

// av1Profile names profile and level: "Main 4.0" (AV1 specification annex A).
func av1Profile(s av1Sequence) string {
	names := [...]string{"Main", "High", "Professional"}
	name := fmt.Sprintf("Profile %d", s.profile)
	if s.profile < len(names) {
		name = names[s.profile]
	}
	if s.level == 31 { // no limits
		return name
	}
	return fmt.Sprintf("%s %d.%d", name, 2+s.level>>2, s.level&3)
}
