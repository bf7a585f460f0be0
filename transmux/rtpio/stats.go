package rtpio

// Stats counts what one Inbound has seen since it began. Packets and frames are
// counted once.
type Stats struct {
	Received   uint64 // packets, without duplicates
	Bytes      uint64 // of their payloads
	Asked      uint64 // sequence numbers that Missing returned, again and again counted
	Recovered  uint64 // packets that came after they had been asked for
	Reordered  uint64 // packets that others had overtaken
	Duplicates uint64 // packets that came twice, or after they had been given up
	Lost       uint64 // packets given up
	Restarts   uint64 // the sender's numbers began anew
	Frames     uint64 // handed out
	Skipped    uint64 // frames dropped: with a hole, malformed, or before a keyframe
}

// Stats returns the counters.
func (in *Inbound) Stats() Stats { return in.stats }
