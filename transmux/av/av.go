// Package av holds the nouns of the house: codecs, tracks and frames.
//
// Every other room speaks in these words; this one imports none of them, starts
// nothing and decides nothing.
package av

import "time"

// Kind says whether a track is seen or heard.
type Kind uint8

// The kinds of track.
const (
	Video Kind = iota + 1
	Audio
)

// String returns "video" or "audio".
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	default:
		return "unknown"
	}
}

// TrackID names a track within its stream. A publisher's tracks keep their IDs
// over a change of configuration; a returning publisher's tracks get new ones.
// Zero is no track.
type TrackID uint32

// Track describes one track in force. It is immutable: a change of
// configuration is a new Track with the same ID.
type Track struct {
	ID    TrackID
	Kind  Kind
	Codec Codec

	// Config is the codec's configuration out of band: for H.264 the SPS and
	// the PPS units, for AAC one AudioSpecificConfig. Nil where the codec has none.
	Config [][]byte

	// Width and Height are in pixels; zero for audio, or where not yet known.
	Width, Height int
	// SampleRate is in hertz and Channels a count; zero for video.
	SampleRate, Channels int
	// Profile is the codec's profile in the words users know, such as
	// "High 4.0" or "AAC-LC".
	Profile string

	// Rendition names the track among several of one picture (a simulcast layer's
	// RID); empty where there is one.
	Rendition string

	// Reordered is true of a video track whose frames are not in the order they are
	// shown in: it has B-frames. The bus finds it out with the first of them.
	Reordered bool

	// DerivedFrom is the track this one is made of, zero for a publisher's own.
	DerivedFrom TrackID
}

// ClockRate is the track's RTP clock in hertz (RFC 3551, RFC 6184, RFC 7587):
// 90000 for video, 48000 for Opus, 8000 for G.711, else the sample rate.
func (t *Track) ClockRate() int {
	switch {
	case t.Kind == Video:
		return 90000
	case t.Codec == Opus:
		return 48000
	case t.Codec == PCMU || t.Codec == PCMA:
		return 8000
	default:
		return t.SampleRate
	}
}

// Type says how a frame may be used.
type Type uint8

// The types of frame.
const (
	// Delta frames need frames before them. Audio frames are Delta too,
	// though each stands alone.
	Delta Type = iota
	// Key frames (IDR and its kin) need none: a decoder can start here.
	Key
	// Bidirectional frames (H.264 B slices, referenced or not) are shown
	// before a frame they follow in the stream; browsers cannot play them.
	Bidirectional
)

// MaxPayload is the size in bytes that no Payload exceeds: with RTP header,
// extensions, SRTP tag, UDP and IPv6 it stays below the 1280 bytes that every
// path carries.
const MaxPayload = 1180

// Payload is one RTP payload of a frame: Head then Body, then Pad bytes of RTP
// padding (RFC 3550 section 5.1). Body shares the frame's bytes; Head is what the
// payload format puts in front (an FU-A header, an AV1 aggregation header).
type Payload struct {
	Head []byte
	Body []byte
	// Pad is 0 or the padding that brings this packet to the size of its
	// neighbours, so that a frame leaves in one segmented send.
	Pad uint8
}

// Size is the payload's length on the wire in bytes, padding included.
func (p *Payload) Size() int { return len(p.Head) + len(p.Body) + int(p.Pad) }

// Frame is one access unit: one picture, or one audio packet. Once written to
// the bus it is immutable and shared by every reader.
type Frame struct {
	Track *Track
	Type  Type

	// PTS and DTS are presentation and decoding time. A publisher counts them
	// from wherever it likes; the bus moves them onto the stream's timeline,
	// which runs on over all of its publishers.
	PTS, DTS time.Duration
	// Arrived is when the frame's last byte came off the wire.
	Arrived time.Time
	// Held is by how much later than its time a frame of a bad line was written, so
	// that the ones that got lost and came again are not the only late ones. A player
	// that is told of it (its timestamps later by as much) need not find out.
	Held time.Duration

	// Parts are the unit's elements without framing: NAL units without start
	// code or length, OBUs, or the one audio packet. A keyframe's Parts carry
	// its parameter sets, so that decoding can start with them.
	Parts [][]byte
	// Payloads are the frame cut for RTP, over the same bytes. Elements that
	// mean nothing to a browser (delimiters, filler, timing SEI) are left out.
	// Nil where the codec never travels over RTP to a browser.
	Payloads []Payload

	// Seq is the frame's place in the stream's ring and Generation counts the
	// stream's publishers. Both are set by the bus.
	Seq        uint64
	Generation uint32
	// Origin is the frame's Seq at the node where it was published, which it keeps
	// on its way through a cluster.
	Origin uint64
}

// Size is the sum of the frame's parts in bytes.
func (f *Frame) Size() int {
	n := 0
	for _, p := range f.Parts {
		n += len(p)
	}
	return n
}
