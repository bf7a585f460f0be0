// Package description reads the SDP offers and writes the SDP answers of WHIP and
// WHEP: BUNDLE, rtcp-mux, DTLS-SRTP (RFC 8829, RFC 9725 section 4.4).
//
// ingest/whip and playout/whep call it and decide what to accept. It must not
// know streams or sessions.
package description

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"millrace/transmux/av"
)

// ErrOffer is about offers that are no SDP, or not what the endpoint is for;
// ErrEmpty, which is one of these, about SDP that offers nothing at all; ErrCannot
// about good offers that cannot be served; ErrAnswer about answers to offers of ours.
var (
	ErrOffer  = errors.New("the offer is not valid")
	ErrEmpty  = fmt.Errorf("%w: it has no m-line", ErrOffer)
	ErrCannot = errors.New("the offer cannot be served")
	ErrAnswer = errors.New("the answer is not valid")
)

// Direction is of media, from where the one who says it stands.
type Direction string

// The directions of RFC 8866 section 6.7.
const (
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	SendRecv Direction = "sendrecv"
	Inactive Direction = "inactive"
)

// Offer is what we need of a peer's session description.
type Offer struct {
	Ufrag, Pwd  string
	Fingerprint string // "sha-256 AB:CD:…"
	// Bundle is whether the m-lines are grouped; one alone need not be.
	Bundle bool
	Media  []Media
}

// Media is one m-line.
type Media struct {
	Kind       av.Kind
	MID        string
	Formats    []Format // in the offer's order of preference
	Extensions []Extension
	// RIDs are the simulcast layers that the peer would send (RFC 8853), in its order.
	RIDs []string
	// Sources are the SSRCs that the offer names, by what they carry.
	Sources []Source
}

// Format is one payload type of an m-line.
type Format struct {
	PayloadType uint8
	Name        string // as in rtpmap, in capitals
	ClockRate   int
	Channels    int
	Parameters  map[string]string // fmtp's, keys in lower case
	Feedback    []string          // rtcp-fb's values
	// RTX is the payload type of its retransmissions (RFC 4588), 0 for none.
	RTX uint8
	// RED is the payload type of it with what went before once more (RFC 2198), 0
	// for none.
	RED uint8
}

// Extension is an RTP header extension (RFC 8285).
type Extension struct {
	ID  uint8
	URI string
}

// The header extensions that the house reads.
const (
	ExtensionMID         = "urn:ietf:params:rtp-hdrext:sdes:mid"
	ExtensionRID         = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	ExtensionRepairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	ExtensionTransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// Source is an SSRC that an offer announces.
type Source struct {
	SSRC uint32
	// Repairs is the SSRC whose packets it retransmits (ssrc-group FID), 0 for none.
	Repairs uint32
}

// formats of the static payload types of RFC 3551 that are in use.
var staticFormats = map[uint8]Format{
	0: {Name: "PCMU", ClockRate: 8000, Channels: 1},
	8: {Name: "PCMA", ClockRate: 8000, Channels: 1},
}

// codecs by the names of rtpmap, in capitals.
var codecs = map[string]av.Codec{
	"H264": av.H264, "H265": av.H265, "VP8": av.VP8, "VP9": av.VP9, "AV1": av.AV1,
	"OPUS": av.Opus, "PCMU": av.PCMU, "PCMA": av.PCMA,
}

// Codec is what the format carries in a form that the house can send and
// receive; zero for any other, and for profiles that browsers do not play.
func (f *Format) Codec() av.Codec {
	switch f.Name {
	case "H264":
		if f.ClockRate != 90000 || f.Parameters["packetization-mode"] != "1" {
			return 0 // mode 0 has no fragments: a keyframe does not fit
		}
	case "VP9":
		if p := f.Parameters["profile-id"]; p != "" && p != "0" {
			return 0 // 10 bits, or 4:4:4
		}
	case "AV1":
		if p := f.Parameters["profile"]; p != "" && p != "0" {
			return 0
		}
	case "OPUS":
		if f.ClockRate != 48000 || f.Channels != 2 {
			return 0 // RFC 7587 section 7 allows nothing else
		}
	case "PCMU", "PCMA":
		if f.ClockRate != 8000 || f.Channels > 1 {
			return 0
		}
	}
	return codecs[strings.ToUpper(f.Name)]
}

// Extension is the id of the header extension of that name, 0 if the offer has none.
func (m *Media) Extension(uri string) uint8 {
	for _, e := range m.Extensions {
		if e.URI == uri {
			return e.ID
		}
	}
	return 0
}

// Keeping is the format with only those kinds of feedback that are named.
func (f *Format) Keeping(feedback ...string) *Format {
	kept := *f
	kept.Feedback = nil
	for _, fb := range f.Feedback {
		if slices.Contains(feedback, fb) {
			kept.Feedback = append(kept.Feedback, fb)
		}
	}
	return &kept
}
