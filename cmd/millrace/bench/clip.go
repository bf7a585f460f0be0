package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/flv"
)

// maxPictures bounds what is read of a clip to know its shape.
const maxPictures = 100_000

// clip is what is published, and the shape of what viewers get of it: without
// B-frames, which browsers cannot play, and with sound as Opus.
type clip struct {
	raw        []byte
	lengthSize int // of NAL units' lengths

	Name          string  `json:"name"`
	Seconds       float64 `json:"seconds"`
	PictureRate   float64 `json:"pictures_per_second"`
	Packets       float64 `json:"packets_per_picture"`
	PacketBytes   float64 `json:"bytes_per_packet"` // RTP payload
	VideoBitrate  float64 `json:"video_bits_per_second"`
	HasSound      bool    `json:"has_sound"`
	LeftOut       int     `json:"b_frames_left_out"`
	PicturesInAll int     `json:"pictures"`
}

// tag is one FLV tag.
type tag struct {
	kind byte // 8 sound, 9 picture
	at   time.Duration
	body []byte
}

const (
	tagAudio = 8
	tagVideo = 9
)

// readTags reads an FLV file ("Video File Format Specification 10.1", annex E); one
// that was cut off ends early.
func readTags(b []byte) ([]tag, error) {
	const fileHead, tagHead, back = 9, 11, 4
	if len(b) < fileHead+back || !bytes.HasPrefix(b, []byte("FLV")) {
		return nil, errors.New("this is no FLV file")
	}
	head := binary.BigEndian.Uint32(b[5:])
	if uint64(head)+back > uint64(len(b)) {
		return nil, errors.New("the FLV header is cut short")
	}
	var tags []tag
	for rest := b[head+back:]; len(rest) >= tagHead; {
		size := int(binary.BigEndian.Uint32(rest) & 0xffffff)
		ms := binary.BigEndian.Uint32(rest[4:])
		if len(rest) < tagHead+size {
			break
		}
		tags = append(tags, tag{
			kind: rest[0] & 0x1f,
			at:   time.Duration(ms>>8|ms<<24) * time.Millisecond,
			body: rest[tagHead : tagHead+size : tagHead+size],
		})
		rest = rest[min(tagHead+size+back, len(rest)):]
	}
	return tags, nil
}

// readClip cuts the clip's pictures as the gateway does, to know their shape.
func readClip(raw []byte) (*clip, error) {
	tags, err := readTags(raw)
	if err != nil {
		return nil, err
	}
	c := &clip{raw: raw}
	var d flv.Demuxer
	var first, last time.Duration
	pictures, packets, size := 0, 0, 0
	for _, t := range tags {
		c.HasSound = c.HasSound || t.kind == tagAudio
		if t.kind != tagVideo || c.PicturesInAll >= maxPictures {
			continue
		}
		if isConfig(t.body) && len(t.body) > 9 {
			c.lengthSize = int(t.body[9]&3) + 1 // ISO 14496-15 section 5.3.3.1
		}
		event, err := d.Video(t.at, bytes.Clone(t.body))
		if err != nil {
			return nil, fmt.Errorf("picture at %s: %w", t.at, err)
		}
		f := event.Frame
		if f == nil {
			continue
		}
		if c.PicturesInAll++; c.PicturesInAll == 1 {
			first = t.at
		}
		last = t.at
		if f.Type == av.Bidirectional {
			c.LeftOut++
			continue
		}
		pictures++
		packets += len(f.Payloads)
		for i := range f.Payloads {
			size += f.Payloads[i].Size()
		}
	}
	if c.PicturesInAll < 2 || packets == 0 || last <= first {
		return nil, errors.New("there is no moving picture in H.264 in it")
	}
	length := (last - first).Seconds() * float64(c.PicturesInAll) / float64(c.PicturesInAll-1)
	c.Seconds = length
	c.PictureRate = float64(pictures) / length
	c.Packets = float64(packets) / float64(pictures)
	c.PacketBytes = float64(size) / float64(packets)
	c.VideoBitrate = float64(size) * 8 / length
	return c, nil
}

func isConfig(body []byte) bool { return len(body) > 1 && body[0]&0x0f == 7 && body[1] == 0 }
