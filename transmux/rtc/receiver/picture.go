package receiver

// The H.264 NAL unit types that matter here (H.264 table 7-1, RFC 6184 table 1).
const (
	naluIDR   = 5
	naluSPS   = 7
	naluPPS   = 8
	naluSTAPA = 24
	naluFUA   = 28
)

// picture is what is known of the picture that is coming in. It is guarded by
// Viewer.mu.
type picture struct {
	pictures, broken uint64 // that ended; broken are those of which something is missing

	open      bool // it has begun and its marker has not come
	whole     bool // nothing is missing so far
	started   bool // any has begun
	timestamp uint32

	looking       bool // for the first keyframe
	sps, pps, idr bool

	skip   int // pictures up to the next that is marked
	marked bool
	value  int64
}

// watchPicture follows the pictures by timestamp and marker. follows says that no
// packet is missing before this one. Called with mu held.
func (v *Viewer) watchPicture(packet []byte, timestamp uint32, follows bool, at arrival) {
	p := &v.picture
	if p.open && p.timestamp != timestamp {
		p.broken++ // its marker never came
		p.open, follows = false, false
	}
	begins := !p.open
	if begins {
		p.open, p.timestamp, p.marked = true, timestamp, false
		p.sps, p.pps, p.idr = false, false, false
		p.whole = true
	}
	p.whole = p.whole && follows
	if begins && !p.started {
		p.started, p.whole = true, true // the very first: a missing front shows in its parts
	}
	switch {
	case p.looking:
		p.scan(v.unseal(packet))
	case begins && v.room.cfg.Mark != nil:
		v.lookForMark(packet)
	}
	if packet[1]&0x80 == 0 {
		return
	}
	p.open = false
	if !p.whole {
		p.broken++
		return
	}
	p.pictures++
	if p.looking && p.idr && p.sps && p.pps {
		p.looking = false
		// What came before the keys could not be opened before.
		v.timing.Keyframe = max(at.read.Sub(v.begun), v.timing.Connected)
		close(v.keyframe)
		v.calm()
	}
	if p.marked {
		v.room.cfg.OnMark(Marked{Value: p.value, Arrived: at.socket, Read: at.read})
	}
}

// lookForMark opens the picture's first packet if a mark is due. Where it is not
// found it is due in the next: pictures may have been left out on the way.
func (v *Viewer) lookForMark(packet []byte) {
	p := &v.picture
	if p.skip > 0 {
		p.skip--
		return
	}
	if p.value, p.marked = v.room.cfg.Mark(v.unseal(packet)); p.marked {
		p.skip = max(v.room.cfg.Every, 1) - 1
	}
}

// scan notes the NAL units that begin in a payload (RFC 6184 section 5.2).
func (p *picture) scan(payload []byte) {
	if len(payload) == 0 {
		p.whole = false
		return
	}
	switch nalu := payload[0] & 0x1f; {
	case nalu == naluSTAPA:
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			p.unit(rest[2] & 0x1f)
			rest = rest[min(2+size, len(rest)):]
		}
	case nalu == naluFUA && len(payload) > 1:
		if payload[1]&0x80 != 0 { // its first fragment
			p.unit(payload[1] & 0x1f)
		}
	default:
		p.unit(nalu)
	}
}

func (p *picture) unit(nalu byte) {
	p.sps = p.sps || nalu == naluSPS
	p.pps = p.pps || nalu == naluPPS
	p.idr = p.idr || nalu == naluIDR
}
