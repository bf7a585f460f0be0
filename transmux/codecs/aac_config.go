package codecs

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/bits"
)

// maxAACConfig bounds an AudioSpecificConfig in bytes: a program config element
// with its longest comment takes 350, and nothing that follows matters.
const maxAACConfig = 1024

// The sample rates believed, in hertz; an explicit rate has 24 bits.
const (
	minSampleRate = 4000
	maxSampleRate = 192000
)

// aacConfig is what an AudioSpecificConfig says.
type aacConfig struct {
	object      int // audio object type of the core
	coreRate    int // hertz
	channels    int // of the core
	shortFrames bool
	sbr, ps     bool
	sbrRate     int // hertz, with sbr
}

// aacRates are the rates of samplingFrequencyIndex (ISO 14496-3 table 1.18).
var aacRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// aacChannels are the counts of channelConfiguration (table 1.19), 0 where it
// is reserved.
var aacChannels = [16]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 13: 24, 14: 8}

// parseAACConfig reads an AudioSpecificConfig (section 1.6.2.1). mediacommon's
// reader knows AAC-LC and hierarchical SBR only; this one has to name the rest.
func parseAACConfig(asc []byte) (aacConfig, error) {
	var c aacConfig
	if len(asc) > maxAACConfig {
		return c, fmt.Errorf("%d bytes, more than %d", len(asc), maxAACConfig)
	}
	r := bitReader{data: asc}
	c.object = r.objectType()
	c.coreRate = r.sampleRate()
	channels := r.bits(4)
	if c.object == aotSBR || c.object == aotPS { // hierarchical signalling
		c.sbr, c.ps = true, c.object == aotPS
		c.sbrRate = r.sampleRate()
		c.object = r.objectType()
		if c.object == aotERBSAC {
			r.bits(4) // extensionChannelConfiguration
		}
	}
	switch c.object {
	case aotMain, aotLC, aotSSR, aotLTP, aotScalable, aotTwinVQ,
		aotERLC, aotERLTP, aotERScalable, aotERTwinVQ, aotERBSAC, aotLD:
		if n := r.generalAudio(&c, channels == 0); channels == 0 {
			c.channels = n
		}
	case aotELD:
		c.shortFrames = r.flag() // ELDSpecificConfig (section 4.6.20) begins with it
	}
	if r.err != nil {
		return c, r.err
	}
	if !c.sbr && c.object == aotLC {
		r.syncExtension(&c)
	}
	return c, c.check(channels)
}

// check completes the channel count and rejects what cannot be.
func (c *aacConfig) check(channels int) error {
	if channels != 0 {
		c.channels = aacChannels[channels]
	}
	switch {
	case c.object == 0:
		return errors.New("no audio object type")
	case c.channels == 0 && channels == 0:
		return errors.New("channel configuration 0 without a program config element: the channel count is unknown")
	case c.channels == 0:
		return fmt.Errorf("channel configuration %d is reserved", channels)
	case c.coreRate < minSampleRate || c.coreRate > maxSampleRate:
		return fmt.Errorf("sample rate of %d Hz", c.coreRate)
	case c.sbr && (c.sbrRate < minSampleRate || c.sbrRate > maxSampleRate):
		return fmt.Errorf("band replication to a sample rate of %d Hz", c.sbrRate)
	}
	return nil
}

// bitReader reads bits until the first error, after which all is zero.
type bitReader struct {
	data []byte
	pos  int
	err  error
}

func (r *bitReader) bits(n int) int {
	if r.err != nil || n == 0 { // mediacommon would look at a byte even for none
		return 0
	}
	v, err := bits.ReadBits(r.data, &r.pos, n)
	r.err = err
	return int(v)
}

func (r *bitReader) flag() bool { return r.bits(1) == 1 }

// skip passes over n bits.
func (r *bitReader) skip(n int) {
	if r.err == nil && n > r.left() {
		r.fail("not enough bits")
	}
	if r.err == nil {
		r.pos += n
	}
}

// golomb reads an unsigned Exp-Golomb code (ITU-T H.265 section 9.2).
func (r *bitReader) golomb() int {
	if r.err != nil {
		return 0
	}
	v, err := bits.ReadGolombUnsigned(r.data, &r.pos)
	r.err = err
	return int(v)
}

// fail ends reading, unless it has ended already.
func (r *bitReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// left is the number of bits not yet read.
func (r *bitReader) left() int { return 8*len(r.data) - r.pos }

// objectType reads GetAudioObjectType().
func (r *bitReader) objectType() int {
	t := r.bits(5)
	if t == aotEscape {
		t = aotEscapedOffset + r.bits(6)
	}
	return t
}

// sampleRate reads an index into the table of rates, or the rate itself.
func (r *bitReader) sampleRate() int {
	i := r.bits(4)
	switch {
	case r.err != nil:
		return 0
	case i < len(aacRates):
		return aacRates[i]
	case i == 0xF:
		return r.bits(24)
	}
	r.err = fmt.Errorf("sample rate index %d is reserved", i)
	return 0
}

// generalAudio reads GASpecificConfig (section 4.4.1) and returns the channels
// of its program config element, if it must have one.
func (r *bitReader) generalAudio(c *aacConfig, hasPCE bool) (channels int) {
	c.shortFrames = r.flag()
	if r.flag() { // dependsOnCoreCoder
		r.bits(14)
	}
	extension := r.flag()
	if hasPCE {
		channels = r.programConfig()
	}
	if c.object == aotScalable || c.object == aotERScalable {
		r.bits(3) // layerNr
	}
	if extension {
		switch c.object {
		case aotERBSAC:
			r.bits(5 + 11) // numOfSubFrame, layer_length
		case aotERLC, aotERLTP, aotERScalable, aotLD:
			r.bits(3) // error resilience flags
		}
		r.flag() // extensionFlag3
	}
	return channels
}

// programConfig reads a program_config_element (section 4.4.1.1) to its end,
// since an extension may follow it, and counts its channels.
func (r *bitReader) programConfig() (channels int) {
	r.bits(4 + 2 + 4) // tag, object type, sampling frequency index
	speakers := r.bits(4) + r.bits(4) + r.bits(4)
	lfe := r.bits(2)
	data := r.bits(3)
	coupling := r.bits(4)
	if r.flag() { // mono mixdown
		r.bits(4)
	}
	if r.flag() { // stereo mixdown
		r.bits(4)
	}
	if r.flag() { // matrix mixdown
		r.bits(3)
	}
	for range speakers { // front, side and back
		channels++
		if r.flag() { // a pair
			channels++
		}
		r.bits(4)
	}
	channels += lfe
	r.bits(4 * lfe)
	r.bits(4 * data)
	for range coupling {
		r.bits(5)
	}
	r.pos = (r.pos + 7) &^ 7
	for range r.bits(8) { // comment
		r.bits(8)
	}
	return channels
}

// syncExtension reads backward-compatible signalling of SBR and PS behind the
// core's configuration. Old decoders do not look there, so nothing in it is an
// error.
func (r *bitReader) syncExtension(c *aacConfig) {
	const (
		sbrSync = 0x2b7
		psSync  = 0x548
	)
	if r.left() < 16 || r.bits(11) != sbrSync || r.objectType() != aotSBR || !r.flag() {
		return
	}
	rate := r.sampleRate()
	if r.err != nil {
		return
	}
	c.sbr, c.sbrRate = true, rate
	c.ps = r.left() >= 12 && r.bits(11) == psSync && r.flag()
}
