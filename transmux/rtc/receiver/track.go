package receiver

import (
	"encoding/binary"
	"time"
)

// rtpHeader is the fixed part of an RTP header, RFC 3550 section 5.1.
const rtpHeader = 12

// track is what came of one kind.
type track struct {
	ssrc           uint32
	packets, bytes uint64
	backward       uint64
	strays         uint64
	timestamp      uint32
	sequence       sequence

	// For receiver reports (RFC 3550 section 6.4).
	senderReport   uint32    // the middle of the last one's NTP time
	senderReportAt time.Time // zero before the first
	reported       sequence  // as it was at our last report
}

// takeRTP counts a packet by its clear header. Called with mu held.
func (v *Viewer) takeRTP(packet []byte, at arrival) {
	k := v.remote.kinds[packet[1]&0x7f]
	t := &v.tracks[k]
	ssrc := binary.BigEndian.Uint32(packet[8:])
	if t.packets == 0 {
		t.ssrc = ssrc
	}
	if t.ssrc != ssrc {
		t.strays++
		return
	}
	first := t.packets == 0
	t.packets++
	t.bytes += uint64(len(packet))
	ahead := t.sequence.push(binary.BigEndian.Uint16(packet[2:]))
	timestamp := binary.BigEndian.Uint32(packet[4:])
	if ahead > 0 {
		if !first && int32(timestamp-t.timestamp) < 0 {
			t.backward++
		}
		t.timestamp = timestamp
	}
	if k == video && ahead > 0 {
		v.watchPicture(packet, timestamp, first || ahead == 1, at)
	}
}

// unseal decrypts a packet and returns its payload without padding, valid until the
// next one; nil where it does not open.
func (v *Viewer) unseal(packet []byte) []byte {
	plain, err := v.keys.remote.DecryptRTP(v.opened, packet, nil)
	if err != nil {
		v.unopened++
		return nil
	}
	v.opened = plain[:0]
	start := rtpHeader + 4*int(plain[0]&15)
	if plain[0]&0x10 != 0 && len(plain) >= start+4 { // extension, RFC 3550 section 5.3.1
		start += 4 + 4*int(binary.BigEndian.Uint16(plain[start+2:]))
	}
	end := len(plain)
	if plain[0]&0x20 != 0 { // padding: the last byte counts it
		end -= int(plain[end-1])
	}
	if start >= end {
		return nil
	}
	return plain[start:end]
}
