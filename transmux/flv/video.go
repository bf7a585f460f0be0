package flv

import (
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// Values of the first byte of a video message.
const (
	exVideoHeader = 0x80 // Enhanced RTMP's form of the rest
	frameCommand  = 5    // frame type: a command to the player, no picture
	codecAVC      = 7
	codecHEVC     = 12 // never Adobe's, but what encoders sent before Enhanced RTMP
)

// Values of AVCPacketType.
const (
	avcSequenceHeader = 0
	avcUnits          = 1
	avcEndOfSequence  = 2
)

// maxComposition bounds a composition time. H.264 allows 16 frames of
// reordering, which even at 2 frames a second is 8 s; the field's own range of
// 2.3 hours would tear the stream's timeline.
const maxComposition = 10 * time.Second

// videoNames are the codecs of a legacy video message that cannot be played
// here. 13 and 14 were never Adobe's, but encoders send them.
var videoNames = [16]string{
	1: "JPEG video", 2: "Sorenson H.263 video", 3: "Screen Video", 4: "VP6 video", 5: "VP6 video",
	6: "Screen Video 2", 8: "H.263 video", 9: "MPEG-4 part 2 video",
	13: "AV1 video", 14: "VVC video",
}

// Video reads the body of a video message (RTMP type 9) whose timestamp is dts.
// It takes body over: frames share its bytes. An error that is ErrUnsupported
// means the publisher's choice of codec, any other one malformed bytes; what was
// read of a message's other tracks comes with it. Frames before any configuration
// cannot be decoded and give an empty Event.
func (d *Demuxer) Video(dts time.Duration, body []byte) (Event, error) {
	if len(body) == 0 {
		return Event{}, nil
	}
	if body[0]&exVideoHeader != 0 {
		return d.enhanced(av.Video, dts, body)
	}
	if body[0]>>4 == frameCommand {
		return Event{}, nil
	}
	codec, name := av.H264, body[0]&0x0F
	switch {
	case name == codecHEVC:
		codec = av.H265
	case name == codecAVC:
	case videoNames[name] == "":
		return Event{}, fmt.Errorf("flv: video message: no such codec as %d", name)
	default:
		return Event{}, unsupported(videoNames[name]+" cannot be played in browsers", useH264)
	}
	if len(body) < 2 {
		return Event{}, fmt.Errorf("flv: video message of %d byte", len(body))
	}
	s, err := d.video.get(0)
	if err != nil {
		return Event{}, err
	}
	switch packet := body[1]; {
	case packet == avcEndOfSequence:
		return Event{}, nil
	case packet > avcEndOfSequence:
		return Event{}, fmt.Errorf("flv: video message: no such AVC packet type as %d", packet)
	case len(body) < 5:
		return Event{}, fmt.Errorf("flv: video message of %d bytes", len(body))
	case packet == avcSequenceHeader:
		return s.unitConfig(codec, body[5:])
	default:
		return s.unitFrame(codec, dts, compositionTime(body[2:5]), body[5:])
	}
}

// compositionTime reads a signed 24 bit count of milliseconds, and bounds it.
func compositionTime(b []byte) time.Duration {
	v := int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
	return min(max(time.Duration(v)*time.Millisecond, -maxComposition), maxComposition)
}

// unitConfig takes a sequence header of H.264 or H.265. The same one again says
// nothing, and one without parameter sets leaves them to the frames.
func (s *source) unitConfig(codec av.Codec, record []byte) (Event, error) {
	if len(record) == 0 {
		return Event{}, nil
	}
	var t av.Track
	if codec == av.H265 {
		r, err := parseHEVCRecord(record)
		if err != nil {
			return Event{}, err
		}
		s.lengthSize = r.lengthSize
		if r.vps == nil || r.sps == nil || r.pps == nil {
			return Event{}, nil
		}
		if t, err = codecs.H265Track(r.vps, r.sps, r.pps...); err != nil {
			return Event{}, fmt.Errorf("flv: HEVC sequence header: %w", err)
		}
	} else {
		r, err := parseAVCRecord(record)
		if err != nil {
			return Event{}, err
		}
		s.lengthSize = r.lengthSize
		if r.sps == nil {
			return Event{}, nil
		}
		if t, err = codecs.H264Track(r.sps, r.pps...); err != nil {
			return Event{}, fmt.Errorf("flv: AVC sequence header: %w", err)
		}
	}
	return s.event(s.announce(t), nil), nil
}

// unitFrame takes an access unit of H.264 or H.265. Parameter sets in it that
// differ from those in force come into force first.
func (s *source) unitFrame(codec av.Codec, dts, composition time.Duration, data []byte) (Event, error) {
	nalus, err := splitUnits(data, s.lengthSize)
	if err != nil || len(nalus) == 0 {
		return Event{}, err
	}
	update, makeFrame := codecs.H264Update, codecs.H264Frame
	if codec == av.H265 {
		update, makeFrame = codecs.H265Update, codecs.H265Frame
	}
	next := s.now(codec)
	t, changed, err := update(next, nalus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: video message: %w", err)
	}
	if changed {
		next = &t
	}
	if next == nil {
		return Event{}, nil
	}
	f, err := makeFrame(next, nalus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: video message: %w", err)
	}
	if f != nil {
		f.DTS, f.PTS = dts, dts+composition
	}
	if !changed {
		return s.event(nil, f), nil
	}
	return s.event(s.announce(t), f), nil
}
