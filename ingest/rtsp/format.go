package rtsp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/rtpio"
	"millrace/transmux/rtsp"
)

// coding is how a format is received.
type coding struct {
	format  rtsp.Format
	track   av.Track // as far as it was described
	options rtpio.Options
	note    string // what is wrong with the description, and was ignored
}

func (c *coding) clockRate() int { return c.format.ClockRate }

// read says how a format is received, or why it is not. Parameter sets that make
// no sense are left out: those that come in band count anyway.
func read(f rtsp.Format) (coding, error) {
	c := coding{format: f}
	var err error
	switch f.Encoding {
	case "h264":
		err = c.h264()
	case "h265":
		err = c.h265()
	case "vp8":
		c.track.Codec = av.VP8
	case "vp9":
		c.track.Codec = av.VP9
	case "av1":
		c.track.Codec = av.AV1
	case "opus":
		c.track = codecs.OpusTrack(2)
		if f.Parameters["sprop-stereo"] == "0" {
			c.track.Channels = 1
		}
	case "pcmu", "pcma":
		err = c.pcm()
	case "mpeg4-generic":
		err = c.aac()
	case "mp4a-latm":
		err = c.latm()
	case "mpa":
		c.track.Codec = av.MP3
	case "ac3":
		c.track.Codec = av.AC3
	default:
		err = fmt.Errorf("nothing here reads %s", f)
	}
	if err == nil && f.ClockRate <= 0 {
		err = fmt.Errorf("%s has no clock rate", f)
	}
	if err == nil && c.track.Codec.Kind() == av.Video && f.ClockRate != 90000 {
		err = fmt.Errorf("%s of a clock other than 90000", f)
	}
	c.track.Kind = c.track.Codec.Kind()
	c.options.ClockRate = f.ClockRate
	return c, err
}

// h264 reads RFC 6184 section 8.1.
func (c *coding) h264() error {
	if mode := c.format.Number("packetization-mode"); mode > 1 {
		return fmt.Errorf("H.264 in packetization mode %d; set the camera to mode 1", mode)
	}
	c.track.Codec = av.H264
	var sps []byte
	var pps [][]byte
	for _, n := range parameterSets(c.format.Parameters["sprop-parameter-sets"]) {
		switch kind := n[0] & 0x1F; {
		case kind == 7 && sps == nil:
			sps = n
		case kind == 8:
			pps = append(pps, n)
		}
	}
	if sps == nil || pps == nil {
		return nil
	}
	if t, err := codecs.H264Track(sps, pps...); err != nil {
		c.note = err.Error()
	} else {
		c.track = t
	}
	return nil
}

// h265 reads RFC 7798 section 7.1.
func (c *coding) h265() error {
	if c.format.Number("sprop-max-don-diff") > 0 {
		return errors.New("H.265 with decoding order numbers; set the camera to send pictures in order")
	}
	c.track.Codec = av.H265
	one := func(name string) []byte {
		if sets := parameterSets(c.format.Parameters[name]); len(sets) > 0 {
			return sets[0]
		}
		return nil
	}
	vps, sps, pps := one("sprop-vps"), one("sprop-sps"), parameterSets(c.format.Parameters["sprop-pps"])
	if vps == nil || sps == nil || pps == nil {
		return nil
	}
	if t, err := codecs.H265Track(vps, sps, pps...); err != nil {
		c.note = err.Error()
	} else {
		c.track = t
	}
	return nil
}

// parameterSets reads units in base 64, which some cameras give a start code.
func parameterSets(text string) (sets [][]byte) {
	for one := range strings.SplitSeq(text, ",") {
		n, err := base64.StdEncoding.DecodeString(strings.TrimSpace(one))
		if err != nil {
			continue
		}
		n = bytes.TrimPrefix(n, []byte{0, 0, 0, 1})
		if n = bytes.TrimRight(n, "\x00"); len(n) > 1 && len(sets) < maxSets {
			sets = append(sets, n)
		}
	}
	return sets
}

func (c *coding) pcm() error {
	c.track.Codec = av.PCMU
	if c.format.Encoding == "pcma" {
		c.track.Codec = av.PCMA
	}
	if c.format.ClockRate != 8000 || c.format.Channels > 1 {
		return fmt.Errorf("G.711 of %d Hz and %d channels; it is taken with 8000 Hz and one", c.format.ClockRate, c.format.Channels)
	}
	return nil
}

// maxAUHeader bounds the fields of an AU header together, in bits.
const maxAUHeader = 32

// aac reads RFC 3640 section 4.1.
func (c *coding) aac() error {
	p := c.format.Parameters
	if mode := strings.ToLower(p["mode"]); mode != "aac-hbr" && mode != "aac-lbr" && mode != "" {
		return fmt.Errorf("MPEG-4 audio of mode %.20q", mode)
	}
	packing := rtpio.AACPacking{
		SizeLength: c.format.Number("sizelength"), IndexLength: c.format.Number("indexlength"),
		IndexDeltaLength: c.format.Number("indexdeltalength"),
	}
	if packing.SizeLength > maxAUHeader || packing.IndexLength > maxAUHeader || packing.IndexDeltaLength > maxAUHeader {
		return errors.New("MPEG-4 audio with headers of a size that makes no sense")
	}
	config, err := hex.DecodeString(p["config"])
	if err != nil || len(config) == 0 {
		return errors.New("MPEG-4 audio without its configuration (config=)")
	}
	if c.track, err = codecs.AACTrack(config); err != nil {
		return err
	}
	c.options.AAC = packing
	return nil
}

// latm reads RFC 6416 section 7.3.
func (c *coding) latm() error {
	p := c.format.Parameters
	if p["cpresent"] != "0" {
		return errors.New("LATM with its configuration in band; set the camera to AAC, or to send it in its session description")
	}
	mux, err := hex.DecodeString(p["config"])
	if err != nil || len(mux) == 0 {
		return errors.New("LATM without its configuration (config=)")
	}
	config, err := codecs.AACOfLATM(mux)
	if err != nil {
		return err
	}
	if c.track, err = codecs.AACTrack(config); err != nil {
		return err
	}
	c.options.AAC = rtpio.AACPacking{LATM: true}
	return nil
}
