package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// tag is one FLV tag: an RTMP message body and when it is due.
type tag struct {
	kind   uint8
	at     time.Duration // DTS, from the clip's beginning
	body   []byte
	config bool // says how to decode what follows
}

// clip is an FLV file to be played over and over.
type flvClip struct {
	tags []tag
	// length is the distance between two beginnings: audio goes on without a
	// gap or an overlap, sample by sample.
	length time.Duration
	// repeat says that configurations change within the clip, so that each
	// round needs its own.
	repeat bool
}

// parseClip reads an FLV file ("Video File Format Specification 10.1", annex E).
func parseClip(b []byte) (*flvClip, error) {
	const fileHead, tagHead, back = 9, 11, 4
	if len(b) < fileHead || !bytes.HasPrefix(b, []byte("FLV")) {
		return nil, errors.New("not an FLV file")
	}
	head := binary.BigEndian.Uint32(b[5:])
	if uint64(head)+back > uint64(len(b)) {
		return nil, errors.New("FLV header is cut short")
	}
	c := &flvClip{}
	for rest := b[head+back:]; len(rest) >= tagHead; {
		size := int(uint24(rest[1:]))
		if len(rest) < tagHead+size {
			break // a recording that was cut off
		}
		t := tag{
			kind: rest[0] & 0x1F,
			at:   time.Duration(uint24(rest[4:])|uint32(rest[7])<<24) * time.Millisecond,
			body: rest[tagHead : tagHead+size : tagHead+size],
		}
		rest = rest[min(tagHead+size+back, len(rest)):]
		if keep, config := sortTag(&t); keep {
			t.config = config
			c.tags = append(c.tags, t)
		}
	}
	return c, c.measure()
}

// sortTag tells tags worth sending from the others, and configurations.
func sortTag(t *tag) (keep, config bool) {
	const avcEnd = 2
	b := t.body
	if len(b) < 2 {
		return false, false
	}
	switch {
	case t.kind == typeDataAMF0:
		return true, true
	case t.kind == typeVideo && b[0]&0x80 != 0:
		return true, enhancedKind(b, 6) == 0
	case t.kind == typeVideo && (b[0]&0x0F == 7 || b[0]&0x0F == 12): // H.264; H.265 as it was sent once
		return b[1] != avcEnd, b[1] == 0
	case t.kind == typeAudio && b[0]>>4 == 9:
		return true, enhancedKind(b, 5) == 0
	case t.kind == typeAudio && b[0]>>4 == 10:
		return true, b[1] == 0
	default:
		return t.kind == typeVideo || t.kind == typeAudio, false
	}
}

// enhancedKind is the packet type of Enhanced RTMP, multitrack being the type that
// says that it comes later; 0 is a configuration. Modifiers are sent with frames only.
func enhancedKind(b []byte, multitrack byte) byte {
	if kind := b[0] & 0x0F; kind != multitrack {
		return kind
	}
	return b[1] & 0x0F
}

// run is what one kind of tag does with the clip's time.
type run struct {
	first, last time.Duration
	frames      int
	configs     int
	sample      time.Duration // the exact length of one frame, if known
}

func (r *run) add(t *tag) {
	if t.config {
		if r.configs++; t.kind == typeAudio && t.body[0]>>4 == 10 {
			r.sample = aacFrame(t.body[2:])
		}
		return
	}
	if r.frames == 0 {
		r.first = t.at
	}
	r.last = t.at
	r.frames++
}

// length is from the first frame to where one after the last would be.
func (r *run) length() time.Duration {
	if r.frames < 2 {
		return 0
	}
	span := r.last - r.first
	mean := span + span/time.Duration(r.frames-1)
	// The file's timestamps are rounded to milliseconds; samples are not.
	const gap = 20 * time.Millisecond
	if exact := r.sample * time.Duration(r.frames); exact > mean-gap && exact < mean+gap {
		return exact
	}
	return mean
}

// measure finds the clip's length.
func (c *flvClip) measure() error {
	var video, audio run
	for i := range c.tags {
		switch t := &c.tags[i]; t.kind {
		case typeVideo:
			video.add(t)
		case typeAudio:
			audio.add(t)
		}
	}
	c.repeat = video.configs > 1 || audio.configs > 1
	c.length = video.length()
	// Ears notice what eyes do not: the sound decides, if the pictures allow.
	if l := audio.length(); l > 0 && video.first+l > video.last {
		c.length = l
	}
	if c.length <= 0 {
		return fmt.Errorf("FLV file of %d tags has no length", len(c.tags))
	}
	return nil
}

// aacFrame is the length of a frame by its AudioSpecificConfig (ISO 14496-3
// section 1.6.2.1), 0 if that is of a kind not worth the trouble.
func aacFrame(asc []byte) time.Duration {
	rates := [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
	if len(asc) < 2 {
		return 0
	}
	if i := int(asc[0]&7)<<1 | int(asc[1]>>7); i < len(rates) {
		return 1024 * time.Second / time.Duration(rates[i])
	}
	return 0
}
