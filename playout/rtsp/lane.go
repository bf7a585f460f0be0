package rtsp

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtpio"
	"millrace/transmux/rtsp"
)

// reportInterval is between sender reports. The first is in front of the first
// packet, so that a player knows the wall clock, and how picture and sound go
// together, from the start.
const reportInterval = 2 * time.Second

// lane is one track's way to one viewer. Its numbers run on over publishers.
type lane struct {
	track  *av.Track
	format rtsp.Format
	media  int // of the description

	seq    uint16
	base   uint32 // the timestamp of PTS 0
	report time.Time
	// As sender reports count them.
	packets, octets uint32
	bytes           uint64 // octets that do not wrap

	entries uint32 // of the cursor, when the squeeze was planned
	squeeze squeeze
}

func newLane(t *av.Track, f rtsp.Format) *lane {
	return &lane{track: t, format: f, seq: uint16(rand.Uint32()), base: rand.Uint32()}
}

// carries says whether another track can take this one's place: the description
// holds for it too.
func (l *lane) carries(t *av.Track) bool {
	if t.Kind != l.track.Kind || t.Codec != l.track.Codec {
		return false
	}
	if t.Kind == av.Video {
		return true // parameter sets come in band
	}
	same := slices.EqualFunc(t.Config, l.track.Config, bytes.Equal)
	return same && t.ClockRate() == l.track.ClockRate() && t.Channels == l.track.Channels
}

// timestamp is a time of the stream's on the lane's clock.
func (l *lane) timestamp(pts time.Duration) uint32 {
	// In two steps: nanoseconds times a clock rate overflow after 28 hours.
	rate := int64(l.format.ClockRate)
	seconds, rest := int64(pts/time.Second), int64(pts%time.Second)
	return l.base + uint32(seconds*rate+rest*rate/int64(time.Second))
}

// send sends one frame, behind a sender report if one is due.
func (l *lane) send(ctx context.Context, out *rtsp.Outlet, stream *bus.Stream, f *av.Frame, pts time.Duration) (packets int, err error) {
	payloads := rtpio.PaySound(f)
	if len(payloads) == 0 {
		return 0, nil // one that cannot be carried, such as an Opus packet of more than a packet
	}
	if now := time.Now(); !now.Before(l.report) {
		l.report = now.Add(reportInterval)
		if err := out.RTCP(ctx, l.media, l.senderReport(out.SSRC(l.media), stream, now)); err != nil {
			return 0, err
		}
	}
	p := rtp.Packet{Header: rtp.Header{
		Version: 2, PayloadType: l.format.PayloadType, Timestamp: l.timestamp(pts),
	}}
	for i, payload := range payloads {
		p.SequenceNumber = l.seq
		// The last packet of a unit; of MPEG audio and G.711 a marker says something else.
		p.Marker = i == len(payloads)-1 && l.marks()
		p.Payload = append(append(make([]byte, 0, len(payload.Head)+len(payload.Body)), payload.Head...), payload.Body...)
		if err := out.RTP(ctx, l.media, &p); err != nil {
			return i, err
		}
		l.seq++
		l.packets++
		l.octets += uint32(len(p.Payload))
		l.bytes += uint64(len(p.Payload))
	}
	return len(payloads), nil
}

func (l *lane) marks() bool {
	switch l.track.Codec {
	case av.PCMU, av.PCMA, av.MP3, av.Opus:
		return false
	default:
		return true
	}
}

// senderReport says what time it is on the lane's clock (RFC 3550 section 6.4.1):
// both lanes' lie on the line that the stream's arrival draws.
func (l *lane) senderReport(ssrc uint32, stream *bus.Stream, now time.Time) rtcp.Packet {
	return &rtcp.SenderReport{
		SSRC: ssrc, NTPTime: ntp(now), RTPTime: l.timestamp(stream.Live(now)),
		PacketCount: l.packets, OctetCount: l.octets,
	}
}

// ntp is the 64-bit timestamp of RFC 3550 section 4.
func ntp(t time.Time) uint64 {
	const epoch = 2208988800 // 1970 in seconds from 1900
	seconds := uint64(t.Unix() + epoch)
	return seconds<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
