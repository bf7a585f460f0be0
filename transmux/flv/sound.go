package flv

import (
	"errors"
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// maxAccessUnit bounds an AAC access unit in bytes: 6144 bits a channel (ISO
// 14496-3 section 4.5.3.1) for the 24 channels there can be.
const maxAccessUnit = 24 * 6144 / 8

// maxPacket bounds other codecs' packets in bytes: a FLAC frame of 4096 samples in
// eight channels of 24 bits that do not compress.
const maxPacket = 8 * 3 * 4096

const (
	// pcmPacket is how many samples of G.711 make a frame: 20 ms, as telephones send.
	pcmPacket = 160
	// maxPCM bounds the samples of a message: a second.
	maxPCM = 8000
)

// audioConfig takes a sequence header. The same one again says nothing.
func (s *source) audioConfig(codec av.Codec, header []byte) (Event, error) {
	if len(header) == 0 {
		return Event{}, nil
	}
	var t av.Track
	var err error
	switch codec {
	case av.AAC:
		t, err = codecs.AACTrack(header)
	case av.FLAC:
		t, err = codecs.FLACTrack(header)
	case av.Opus:
		t, err = opusTrack(header)
	default: // frames describe themselves
		return Event{}, nil
	}
	switch {
	case errors.Is(err, ErrUnsupported):
		return Event{}, err
	case err != nil:
		return Event{}, fmt.Errorf("flv: %v sequence header: %w", codec, err)
	}
	return s.event(s.announce(t), nil), nil
}

// opusTrack reads an ID header (RFC 7845 section 5.1). Of several streams in one
// packet browsers play the first at best.
func opusTrack(b []byte) (av.Track, error) {
	const size, mark = 19, "OpusHead"
	if len(b) < size || string(b[:len(mark)]) != mark {
		return av.Track{}, fmt.Errorf("%d bytes that are no ID header", len(b))
	}
	version, channels, family := b[8], int(b[9]), b[18]
	switch {
	case version > 15:
		return av.Track{}, fmt.Errorf("ID header of version %d", version)
	case channels == 0:
		return av.Track{}, errors.New("ID header without channels")
	case channels > 2 || family > 1:
		return av.Track{}, unsupported(fmt.Sprintf("Opus audio of %d channels cannot be played in browsers", channels), "set the encoder to stereo")
	}
	return codecs.OpusTrack(channels), nil
}

// audioFrame takes a packet. An empty one is silence.
func (s *source) audioFrame(codec av.Codec, dts time.Duration, packet []byte) (Event, error) {
	most := maxPacket
	if codec == av.AAC {
		most = maxAccessUnit
	}
	if len(packet) > most {
		return Event{}, fmt.Errorf("flv: %v packet of %d bytes, more than %d", codec, len(packet), most)
	}
	if len(packet) == 0 {
		return Event{}, nil
	}
	t, err := s.describeBy(codec, packet)
	if err != nil {
		return Event{}, fmt.Errorf("flv: audio message: %w", err)
	}
	if s.now(codec) == nil { // before its configuration
		return Event{}, nil
	}
	var f *av.Frame
	switch codec {
	case av.AAC:
		f = codecs.AACFrame(packet)
	case av.Opus:
		f = codecs.OpusFrame(packet)
	case av.MP3:
		f = codecs.MP3Frame(packet)
	case av.AC3:
		f = codecs.AC3Frame(packet)
	case av.EAC3:
		f = codecs.EAC3Frame(packet)
	default:
		f = codecs.FLACFrame(packet)
	}
	f.DTS, f.PTS = dts, dts
	return s.event(t, f), nil
}

// describeBy announces the track of codecs whose packets say what they are.
func (s *source) describeBy(codec av.Codec, packet []byte) (*av.Track, error) {
	switch codec {
	case av.MP3:
		channels, rate, _, err := codecs.MP3Header(packet)
		if err != nil {
			return nil, err
		}
		return s.announce(codecs.MP3Track(channels, rate)), nil
	case av.AC3:
		channels, rate, err := codecs.AC3Header(packet)
		if err != nil {
			return nil, err
		}
		return s.announce(codecs.AC3Track(channels, rate)), nil
	case av.EAC3:
		channels, rate, err := codecs.EAC3Header(packet)
		if err != nil {
			return nil, err
		}
		return s.announce(codecs.EAC3Track(channels, rate)), nil
	case av.Opus:
		if _, err := codecs.OpusDuration(packet); err != nil {
			return nil, err
		}
		if s.now(av.Opus) == nil { // it should have had a header; decoders take either for both
			return s.announce(codecs.OpusTrack(2)), nil
		}
	}
	return nil, nil
}

// pcmFrames takes G.711 samples, 8000 a second whatever the header says, in frames
// as short as browsers expect them.
func (s *source) pcmFrames(codec av.Codec, dts time.Duration, samples []byte) (Event, error) {
	if len(samples) > maxPCM {
		return Event{}, fmt.Errorf("flv: %d samples of G.711, more than %d", len(samples), maxPCM)
	}
	first := s.event(s.announce(codecs.PCMTrack(codec)), nil)
	first.Number = s.number
	last := &first
	for at := 0; at < len(samples); at += pcmPacket {
		end := min(at+pcmPacket, len(samples))
		f, err := codecs.PCMFrame(samples[at:end:end])
		if err != nil {
			return Event{}, fmt.Errorf("flv: audio message: %w", err)
		}
		f.DTS = dts + time.Duration(at)*time.Second/maxPCM
		f.PTS = f.DTS
		if last.Frame != nil {
			last.Next = &Event{Number: s.number}
			last = last.Next
		}
		last.Frame = f
	}
	return first, nil
}
