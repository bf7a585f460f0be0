// Package impair is a bad network for tests: a UDP proxy that loses, delays,
// reorders, duplicates and throttles packets, each direction by settings of its
// own that may change while it runs.
//
// The end-to-end tests put it between a client and the gateway's WebRTC port, and
// main makes it a process for tests that are not in Go. It knows nothing of what
// it carries.
package impair

import "time"

// Settings say what one direction does to its packets; the zero value does
// nothing. Shares are between 0 and 1. A packet passes the throttle first, then
// may get lost, then is delayed.
type Settings struct {
	// Loss is the share of packets that get lost, each by itself.
	Loss float64
	// Burst adds losses in a row.
	Burst Burst
	// Delay is what every packet takes, Jitter the most that chance adds to it.
	// Neither changes the order.
	Delay, Jitter time.Duration
	// Reorder is the share of packets held back by ReorderBy, to be overtaken.
	Reorder   float64
	ReorderBy time.Duration
	// Duplicate is the share of packets that come twice.
	Duplicate float64
	// Rate is the line's in bits a second, 0 for no limit; Queue is how many
	// bytes may wait for it, 0 for a tenth of a second.
	Rate, Queue int
}

// Burst is the bad state of a Gilbert-Elliott model: with each packet the line
// enters it with one probability and leaves it with another. The mean length of
// a burst is 1/Leave packets, the share of bad time Enter/(Enter+Leave).
type Burst struct {
	Enter, Leave float64
	// Loss is the share of packets lost in the bad state; Settings.Loss holds in both.
	Loss float64
}

// Counts say what became of one direction's packets.
type Counts struct {
	Packets    uint64 `json:"packets"` // that came
	Bytes      uint64 `json:"bytes"`
	Lost       uint64 `json:"lost"`      // by Loss and Burst
	Overflown  uint64 `json:"overflown"` // that found the queue full
	Reordered  uint64 `json:"reordered"`
	Duplicated uint64 `json:"duplicated"`
	Delivered  uint64 `json:"delivered"` // duplicates included
}

// queue is how many bytes may wait at Rate.
func (s *Settings) queue() int {
	if s.Queue > 0 {
		return s.Queue
	}
	return s.Rate / 8 / 10
}
