package peer

import "time"

// window is how many sequence numbers back a late packet is told from a
// duplicate. Further back than any reordering on a real path.
const window = 1024

// Stats counts one track's packets.
type Stats struct {
	Packets, Bytes uint64 // as received, duplicates included; bytes are RTP payload
	Lost           uint64 // sequence numbers never seen between the first and the highest
	Duplicates     uint64
	Reordered      uint64 // arrived after a higher sequence number
	Jumps          uint64 // sequence numbers that leapt by 1000 or more: the sender lost its count
	Backward       uint64 // packets in sequence whose RTP timestamp went back
	Padding        uint64 // packets carrying nothing but padding

	SSRC           uint32
	PayloadType    uint8
	First, Highest uint64 // extended sequence numbers
	FirstTimestamp uint32
	LastTimestamp  uint32
	Advanced       int64 // RTP timestamp units between the first and the newest packet
	FirstArrived   time.Time
	LastArrived    time.Time
	LongestSilence time.Duration // between two packets
	Reports        uint64        // sender reports
	LastReport     Report
}

// sequence follows one RTP stream's counters (RFC 3550 appendix A.1, without its
// probation: the first packet counts).
type sequence struct {
	stats  Stats
	unique uint64
	seen   [window / 64]uint64
}

// maxJump is a leap in sequence numbers that no loss explains.
const maxJump = 1000

// push counts one packet and says whether it carries the stream on: neither a
// duplicate nor late.
func (s *sequence) push(seq uint16, ts uint32, size int, at time.Time) bool {
	st := &s.stats
	st.Packets++
	st.Bytes += uint64(size)
	if size == 0 {
		st.Padding++
	}
	if st.Packets == 1 {
		// One full turn up, so that a packet before the first has a number too.
		st.First = 1<<16 | uint64(seq)
		st.Highest = st.First
		st.FirstTimestamp, st.LastTimestamp = ts, ts
		st.FirstArrived, st.LastArrived = at, at
		s.mark(st.Highest)
		s.unique = 1
		return true
	}
	st.LongestSilence = max(st.LongestSilence, at.Sub(st.LastArrived))
	st.LastArrived = at

	delta := int64(int16(seq - uint16(st.Highest)))
	if delta <= 0 {
		s.late(uint64(int64(st.Highest) + delta))
		return false
	}
	if delta >= maxJump {
		st.Jumps++
	}
	for n := st.Highest + 1; n < st.Highest+uint64(delta); n++ {
		s.clear(n)
	}
	st.Highest += uint64(delta)
	s.mark(st.Highest)
	s.unique++
	moved := int32(ts - st.LastTimestamp)
	if moved < 0 {
		st.Backward++
	}
	st.Advanced += int64(moved)
	st.LastTimestamp = ts
	return true
}

// late counts a packet at or below the highest sequence number.
func (s *sequence) late(n uint64) {
	if s.stats.Highest-n >= window {
		s.stats.Jumps++
		return
	}
	if n < s.stats.First {
		s.stats.Reordered++
		return
	}
	if s.seen[n%window/64]&(1<<(n%64)) != 0 {
		s.stats.Duplicates++
		return
	}
	s.mark(n)
	s.unique++
	s.stats.Reordered++
}

func (s *sequence) mark(n uint64)  { s.seen[n%window/64] |= 1 << (n % 64) }
func (s *sequence) clear(n uint64) { s.seen[n%window/64] &^= 1 << (n % 64) }

// snapshot returns the counters with the loss worked out.
func (s *sequence) snapshot() Stats {
	st := s.stats
	if st.Packets > 0 {
		st.Lost = st.Highest - st.First + 1 - s.unique
	}
	return st
}
