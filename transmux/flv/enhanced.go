package flv

import (
	"errors"
	"fmt"
	"time"

	"millrace/transmux/av"
)

// Packet types of Enhanced RTMP (veovera, enhanced-rtmp-v2), the same for video
// and audio as far as both have them.
const (
	exSequenceStart = 0
	exCodedFrames   = 1
	exSequenceEnd   = 2
	exCodedFramesX  = 3 // video: no composition time
	exMetadata      = 4 // video: colours; audio: multichannel configuration
	exMPEG2TSStart  = 5 // video: AV1's configuration in MPEG-2 TS's words
	exMultitrack    = 6
	exMultitrackA   = 5 // audio's number for it
	exModEx         = 7
)

// Values of AvMultitrackType.
const (
	exOneTrack             = 0
	exManyTracks           = 1
	exManyTracksManyCodecs = 2
)

// exTimestampOffsetNano is the only ModEx type there is: so many nanoseconds are
// added to the presentation time.
const exTimestampOffsetNano = 0

// exPacket is one track's part of a message.
type exPacket struct {
	kind   byte // packet type
	fourCC [4]byte
	dts    time.Duration
	nano   time.Duration // to be added to the presentation time
	body   []byte
}

var errShortEnhanced = errors.New("flv: Enhanced RTMP message is cut short")

// enhanced reads a message with Enhanced RTMP's header: what is in front of the
// tracks, then the whole of it track by track. A track that cannot be read does
// not cost the others: what was read comes with the error.
func (d *Demuxer) enhanced(kind av.Kind, dts time.Duration, body []byte) (Event, error) {
	frameType := body[0] >> 4 & 7
	p := exPacket{kind: body[0] & 0x0F, dts: dts}
	rest, err := p.modEx(body[1:])
	if err != nil {
		return Event{}, err
	}
	multitrack := byte(exMultitrack)
	if kind == av.Audio {
		multitrack = exMultitrackA
	} else if frameType == frameCommand && p.kind != exMetadata {
		return Event{}, nil // to a player, to seek; there is no body
	}
	if kind == av.Video && p.kind == exMetadata {
		return Event{}, nil // colours: whatever the codec, it says the same
	}
	if p.kind != multitrack {
		if p.body, err = p.codec(rest); err != nil {
			return Event{}, err
		}
		return d.track(kind, 0, p)
	}
	if len(rest) < 1 {
		return Event{}, errShortEnhanced
	}
	shape := rest[0] >> 4
	p.kind, rest = rest[0]&0x0F, rest[1:]
	if p.kind == multitrack {
		return Event{}, errors.New("flv: Enhanced RTMP multitrack inside multitrack")
	}
	return d.tracks(kind, shape, p, rest)
}

// modEx reads the modifiers in front of the packet type that counts. Those of a
// type that is not known are skipped by their size.
func (p *exPacket) modEx(b []byte) ([]byte, error) {
	for p.kind == exModEx {
		if len(b) < 1 {
			return nil, errShortEnhanced
		}
		size := int(b[0]) + 1
		b = b[1:]
		if size == 256 {
			if len(b) < 2 {
				return nil, errShortEnhanced
			}
			size = int(b[0])<<8 + int(b[1]) + 1
			b = b[2:]
		}
		if len(b) < size+1 {
			return nil, errShortEnhanced
		}
		data, next := b[:size], b[size]
		b = b[size+1:]
		p.kind = next & 0x0F
		if next>>4 == exTimestampOffsetNano && size >= 3 {
			// Up to 999 999; the field's own range would move a picture by 17 ms.
			p.nano = time.Duration(min(int(data[0])<<16|int(data[1])<<8|int(data[2]), 999_999))
		}
	}
	return b, nil
}

// codec takes the FourCC off b.
func (p *exPacket) codec(b []byte) ([]byte, error) {
	if len(b) < len(p.fourCC) {
		return nil, errShortEnhanced
	}
	copy(p.fourCC[:], b)
	return b[len(p.fourCC):], nil
}

// tracks reads the tracks of a multitrack message; what they have in common is in p.
func (d *Demuxer) tracks(kind av.Kind, shape byte, p exPacket, b []byte) (all Event, err error) {
	switch shape {
	case exOneTrack, exManyTracks:
		if b, err = p.codec(b); err != nil {
			return Event{}, err
		}
	case exManyTracksManyCodecs:
	default:
		return Event{}, unsupported(fmt.Sprintf("Enhanced RTMP multitrack of type %d", shape), "send a single track")
	}
	var failed error
	for tracks := 0; ; tracks++ {
		number, rest, err := p.cutTrack(shape, b)
		if err != nil {
			return all, errors.Join(failed, err)
		}
		b = rest
		// One that repeats tracks by the thousand is at an end with them.
		if tracks >= 2*maxTracks {
			return all, errors.Join(failed, fmt.Errorf("flv: Enhanced RTMP message of more than %d tracks", 2*maxTracks))
		}
		event, err := d.track(kind, number, p)
		if err != nil && failed == nil {
			failed = err
		}
		if number == 0 && event != (Event{}) {
			all = chain(event, all) // the default comes first, wherever it was
		} else {
			all = chain(all, event)
		}
		if shape == exOneTrack || len(b) == 0 {
			return all, failed
		}
	}
}

// cutTrack takes one track off b: number and body, and with many codecs its FourCC.
func (p *exPacket) cutTrack(shape byte, b []byte) (number uint8, rest []byte, err error) {
	if shape == exManyTracksManyCodecs {
		if b, err = p.codec(b); err != nil {
			return 0, nil, err
		}
	}
	if len(b) < 1 {
		return 0, nil, errShortEnhanced
	}
	number, b = b[0], b[1:]
	if shape == exOneTrack {
		p.body = b
		return number, nil, nil
	}
	if len(b) < 3 {
		return 0, nil, errShortEnhanced
	}
	size := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if b = b[3:]; size > len(b) {
		return 0, nil, fmt.Errorf("flv: Enhanced RTMP track of %d bytes, %d are there", size, len(b))
	}
	p.body = b[:size:size]
	return number, b[size:], nil
}

// track reads one track's packet.
func (d *Demuxer) track(kind av.Kind, number uint8, p exPacket) (Event, error) {
	list, read := &d.video, (*source).exVideo
	if kind == av.Audio {
		list, read = &d.audio, (*source).exAudio
	}
	codec, err := codecOf(kind, p.fourCC)
	if err != nil {
		return Event{}, err
	}
	s, err := list.get(number)
	if err != nil {
		return Event{}, err
	}
	e, err := read(s, codec, p)
	if e.Frame != nil {
		e.Frame.PTS += p.nano
		if kind == av.Audio {
			e.Frame.DTS = e.Frame.PTS
		}
	}
	return e, err
}

// codecOf is the codec of a FourCC.
func codecOf(kind av.Kind, fourCC [4]byte) (av.Codec, error) {
	for codec, name := range fourCCs {
		if name == string(fourCC[:]) && codec.Kind() == kind {
			return codec, nil
		}
	}
	// Quoted, since it may be anything.
	switch name := string(fourCC[:]); {
	case kind == av.Audio:
		return 0, unsupported(fmt.Sprintf("an audio codec of an unknown kind (%q over Enhanced RTMP)", name), useAAC)
	case name == "vvc1":
		return 0, unsupported(`VVC video ("vvc1" over Enhanced RTMP), which no browser plays, is not taken`, useH264)
	default:
		return 0, unsupported(fmt.Sprintf("a video codec of an unknown kind (%q over Enhanced RTMP)", name), useH264)
	}
}
