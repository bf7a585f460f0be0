// Package rtpio turns frames into RTP for one receiver (Writer, Ramp), and RTP
// into frames.
//
// playout/whep writes with it into its send buffer. It must not know how packets
// are protected or sent.
package rtpio

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"millrace/transmux/av"
)

// HeaderSize is that of the packets that a Writer makes: no CSRC, and, where
// Extend did not say otherwise, no extension (RFC 3550 section 5.1).
const HeaderSize = 12

const (
	version2   = 2 << 6
	paddingBit = 1 << 5
	markerBit  = 1 << 7
)

// Writer is one receiver's RTP stream of one track: its numbers run on over
// frames, jumps and publishers.
type Writer struct {
	ssrc        uint32
	payloadType uint8
	clockRate   int64

	base    uint32 // the RTP timestamp of PTS 0
	last    int64  // clock ticks of the last frame, from PTS 0
	index   uint64 // 48-bit packet index of the next packet (RFC 3711 section 3.3.1)
	started bool

	extension Extension

	packets, octets uint32 // as sender reports count them
}

// NewWriter begins a stream at a random sequence number and timestamp (RFC 3550
// section 5.1).
func NewWriter(ssrc uint32, payloadType uint8, clockRate int) Writer {
	var seed [6]byte
	_, _ = rand.Read(seed[:]) // never fails (crypto/rand)
	return Writer{
		ssrc: ssrc, payloadType: payloadType, clockRate: int64(clockRate),
		base: binary.BigEndian.Uint32(seed[:4]),
		// Below 2^15, so that the first rollover is far from a loss at the start
		// (RFC 3711 section 3.3.1).
		index: uint64(binary.BigEndian.Uint16(seed[4:]) & 0x7fff),
	}
}

// SSRC is the stream's.
func (w *Writer) SSRC() uint32 { return w.ssrc }

// Turn changes what the track is: the numbers run on (RFC 3550 section 5.1 allows
// a source to change its payload type; its timestamps then count another clock).
func (w *Writer) Turn(payloadType uint8, clockRate int) {
	w.payloadType = payloadType
	if rate := int64(clockRate); rate != w.clockRate {
		last := w.last / max(w.clockRate, 1) * rate // to the second is near enough for a new sound
		w.base += uint32(w.last) - uint32(last)
		w.last, w.clockRate = last, rate
	}
}

// Begun is true once a frame has been written.
func (w *Writer) Begun() bool { return w.started }

// Position is the index of the next packet and the RTP timestamp of the current
// frame, for who may have to send its packets again.
func (w *Writer) Position() (index uint64, timestamp uint32) {
	return w.index, w.base + uint32(w.last)
}

// Frame begins a frame that is to be shown at pts on the stream's timeline.
// Timestamps never stand still nor run backwards.
func (w *Writer) Frame(pts time.Duration) {
	ticks := w.ticks(pts)
	if w.started && ticks <= w.last {
		ticks = w.last + 1
	}
	w.last, w.started = ticks, true
}

func (w *Writer) ticks(pts time.Duration) int64 {
	// In two steps: nanoseconds times a clock rate overflow after 28 hours.
	seconds, rest := int64(pts/time.Second), int64(pts%time.Second)
	return seconds*w.clockRate + rest*w.clockRate/int64(time.Second)
}

// Extend puts the header extension, or with zero none, into the packets from here on.
func (w *Writer) Extend(x Extension) { w.extension = x }

// Append appends the frame's next packet to buf and returns it with its index.
func (w *Writer) Append(buf []byte, p *av.Payload, marker bool) (packet []byte, index uint64) {
	index = w.index
	w.index++
	w.packets++
	w.octets += uint32(len(p.Head) + len(p.Body))
	return w.Repeat(buf, p, marker, index, w.base+uint32(w.last), w.extension), index
}

// Repeat appends a packet that was sent before, to the last byte as it was: under
// GCM anything else would use its nonce twice.
func (w *Writer) Repeat(buf []byte, p *av.Payload, marker bool, index uint64, timestamp uint32, x Extension) []byte {
	start := len(buf)
	buf = appendHeader(buf, p, marker, w.payloadType, uint16(index), timestamp, w.ssrc)
	if x != 0 {
		buf[start] |= extensionBit
		buf = x.append(buf)
	}
	return appendPayload(buf, p)
}

func appendHeader(buf []byte, p *av.Payload, marker bool, payloadType uint8, seq uint16, timestamp, ssrc uint32) []byte {
	first, second := byte(version2), payloadType
	if p.Pad > 0 {
		first |= paddingBit
	}
	if marker {
		second |= markerBit
	}
	buf = append(buf, first, second)
	buf = binary.BigEndian.AppendUint16(buf, seq)
	buf = binary.BigEndian.AppendUint32(buf, timestamp)
	return binary.BigEndian.AppendUint32(buf, ssrc)
}

func appendPayload(buf []byte, p *av.Payload) []byte {
	buf = append(buf, p.Head...)
	buf = append(buf, p.Body...)
	if p.Pad > 0 {
		for range p.Pad - 1 {
			buf = append(buf, 0)
		}
		buf = append(buf, p.Pad)
	}
	return buf
}

// ntpEpoch is 1900 in Unix seconds (RFC 3550 section 4).
const ntpEpoch = -2208988800

// SenderReport appends a compound of sender report and CNAME (RFC 3550 sections
// 6.4.1 and 6.5): what is at pts on the stream's timeline was at wall.
func (w *Writer) SenderReport(buf []byte, pts time.Duration, wall time.Time, cname string) []byte {
	const senderReport, sourceDescription, cnameItem = 200, 202, 1
	buf = append(buf, version2, senderReport, 0, 6)
	buf = binary.BigEndian.AppendUint32(buf, w.ssrc)
	buf = binary.BigEndian.AppendUint64(buf, ntp(wall))
	buf = binary.BigEndian.AppendUint32(buf, w.base+uint32(w.ticks(pts)))
	buf = binary.BigEndian.AppendUint32(buf, w.packets)
	buf = binary.BigEndian.AppendUint32(buf, w.octets)

	start := len(buf)
	buf = append(buf, version2|1, sourceDescription, 0, 0)
	buf = binary.BigEndian.AppendUint32(buf, w.ssrc)
	buf = append(buf, cnameItem, byte(len(cname)))
	buf = append(buf, cname...)
	buf = append(buf, 0) // the end of the items, then up to a whole word
	for len(buf)%4 != start%4 {
		buf = append(buf, 0)
	}
	binary.BigEndian.PutUint16(buf[start+2:], uint16((len(buf)-start)/4-1))
	return buf
}

// ntp is the 64-bit timestamp of RFC 3550 section 4.
func ntp(t time.Time) uint64 {
	seconds := uint64(t.Unix() - ntpEpoch)
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}
