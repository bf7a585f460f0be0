package receiver

// Track counts what came of one kind.
type Track struct {
	Packets, Bytes uint64 // RTP packets and their bytes with header and tag
	Lost           uint64 // sequence numbers that never came, between the first and the highest
	Duplicates     uint64
	Late           uint64 // came after a higher number
	Backward       uint64 // timestamps that went back
	Strays         uint64 // packets under another SSRC than the first one's
}

// Stats are a viewer's counters since it began.
type Stats struct {
	Video, Audio Track
	Pictures     uint64 // that came whole
	Broken       uint64 // of which a part is missing
	Unknown      uint64 // packets of a payload type that was not agreed on
	Unopened     uint64 // packets that should have opened and did not
	Reads        uint64 // datagrams or runs taken from the socket
	// Dropped is how many of them the kernel threw away because we were slow:
	// loss of our own making.
	Dropped uint64
}

// Stats reads the counters.
func (v *Viewer) Stats() Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	return Stats{
		Video: v.tracks[video].stats(), Audio: v.tracks[audio].stats(),
		Pictures: v.picture.pictures, Broken: v.picture.broken,
		Unknown: v.tracks[unknown].packets + v.tracks[unknown].strays, Unopened: v.unopened,
		Reads: v.reads, Dropped: uint64(v.dropped),
	}
}

func (t *track) stats() Track {
	return Track{
		Packets: t.packets, Bytes: t.bytes, Lost: t.sequence.lost(),
		Duplicates: t.sequence.duplicates, Late: t.sequence.late,
		Backward: t.backward, Strays: t.strays,
	}
}
