package flv

import (
	"fmt"
	"time"

	"millrace/transmux/codecs"
)

// Values of the first byte of a video message.
const (
	exVideoHeader = 0x80 // Enhanced RTMP's form of the rest
	frameCommand  = 5    // frame type: a command to the player, no picture
	codecAVC      = 7
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
// here. 12 to 14 were never Adobe's, but encoders send them.
var videoNames = [16]string{
	1: "JPEG video", 2: "Sorenson H.263 video", 3: "Screen Video", 4: "VP6 video", 5: "VP6 video",
	6: "Screen Video 2", 8: "H.263 video", 9: "MPEG-4 part 2 video",
	12: "HEVC video", 13: "AV1 video", 14: "VVC video",
}

// Video reads the body of a video message (RTMP type 9) whose timestamp is dts.
// It takes body over: frames share its bytes. An error that is ErrUnsupported
// means the publisher's choice of codec, any other one malformed bytes. Frames
// before any configuration cannot be decoded and give an empty Event.
func (d *Demuxer) Video(dts time.Duration, body []byte) (Event, error) {
	if len(body) == 0 {
		return Event{}, nil
	}
	if body[0]&exVideoHeader != 0 {
		return d.exVideo(dts, body)
	}
	if body[0]>>4 == frameCommand {
		return Event{}, nil
	}
	if codec := body[0] & 0x0F; codec != codecAVC {
		if videoNames[codec] == "" {
			return Event{}, fmt.Errorf("flv: video message: no such codec as %d", codec)
		}
		return Event{}, unsupported(videoNames[codec]+" cannot be played in browsers", useH264)
	}
	if len(body) < 2 {
		return Event{}, fmt.Errorf("flv: video message of %d byte", len(body))
	}
	switch packet := body[1]; {
	case packet == avcEndOfSequence:
		return Event{}, nil
	case packet > avcEndOfSequence:
		return Event{}, fmt.Errorf("flv: video message: no such AVC packet type as %d", packet)
	case len(body) < 5:
		return Event{}, fmt.Errorf("flv: video message of %d bytes", len(body))
	case packet == avcSequenceHeader:
		return d.avcConfig(body[5:])
	default:
		return d.avcFrame(dts, compositionTime(body[2:5]), body[5:])
	}
}

// compositionTime reads a signed 24 bit count of milliseconds, and bounds it.
func compositionTime(b []byte) time.Duration {
	v := int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
	return min(max(time.Duration(v)*time.Millisecond, -maxComposition), maxComposition)
}

// avcConfig takes a sequence header. The same one again says nothing.
func (d *Demuxer) avcConfig(record []byte) (Event, error) {
	if len(record) == 0 {
		return Event{}, nil
	}
	r, err := parseAVCRecord(record)
	if err != nil {
		return Event{}, err
	}
	d.lengthSize = r.lengthSize
	if r.sps == nil { // the parameter sets travel in band
		return Event{}, nil
	}
	t, err := codecs.H264Track(r.sps, r.pps...)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AVC sequence header: %w", err)
	}
	if d.video != nil && sameConfig(d.video, &t) {
		return Event{}, nil
	}
	d.video = &t
	return Event{Track: copyOf(d.video)}, nil
}

// avcFrame takes an access unit. Parameter sets in it that differ from those in
// force come into force first.
func (d *Demuxer) avcFrame(dts, composition time.Duration, data []byte) (Event, error) {
	nalus, err := splitUnits(data, d.lengthSize)
	if err != nil || len(nalus) == 0 {
		return Event{}, err
	}
	t, changed, err := codecs.H264Update(d.video, nalus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: video message: %w", err)
	}
	next := d.video
	if changed {
		next = &t
	}
	if next == nil {
		return Event{}, nil
	}
	f, err := codecs.H264Frame(next, nalus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: video message: %w", err)
	}
	if f != nil {
		f.DTS, f.PTS = dts, dts+composition
	}
	e := Event{Frame: f}
	if changed {
		d.video = next
		e.Track = copyOf(next)
	}
	return e, nil
}
