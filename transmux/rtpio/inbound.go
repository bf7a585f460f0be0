package rtpio

import (
	"cmp"
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// Packet is one RTP packet as it came: what of its header matters to a track,
// and its payload without padding. A packet of padding alone has no payload, but
// its place in the sequence.
type Packet struct {
	Seq       uint16
	Timestamp uint32
	Marker    bool
	Payload   []byte
	Arrived   time.Time
}

// Options of an Inbound. Zero fields take the default.
type Options struct {
	// Retransmits says that the sender answers NACKs. Without it Missing has
	// nothing to ask for, and holes are waited for only as long as packets
	// overtake each other.
	Retransmits bool
	// MaxWait is how long a hole in the sequence holds up what is behind it.
	MaxWait time.Duration
	// AAC is how an AAC track's access units are packed, and ClockRate its RTP clock
	// in hertz where that is not the track's sample rate.
	AAC       AACPacking
	ClockRate int
}

const (
	// A retransmission takes a round trip and may itself be lost: at 60 ms and 10 %
	// of loss, nine of ten million are still missing after 600 ms. A picture that
	// stands still for longer is better served by a keyframe.
	maxWaitVideo = 600 * time.Millisecond
	// A hole in sound is concealed by every player, and hardly heard; a pause is.
	maxWaitAudio = 200 * time.Millisecond
	// How far packets overtake each other where nothing is repeated.
	maxWaitOrder = 50 * time.Millisecond
)

func (o Options) withDefaults(kind av.Kind) Options {
	switch {
	case o.MaxWait > 0:
	case !o.Retransmits:
		o.MaxWait = maxWaitOrder
	case kind == av.Audio:
		o.MaxWait = maxWaitAudio
	default:
		o.MaxWait = maxWaitVideo
	}
	return o
}

// Unit is a frame and what RTP says besides.
type Unit struct {
	// Frame has Parts, Payloads, Type and Arrived, which is when the last of its
	// packets came. Track and times are the caller's to set (Clock).
	Frame *av.Frame
	// Timestamp is the frame's on the sender's RTP clock.
	Timestamp uint32
	// Track describes the track from this frame on, where that is new: with the
	// first frame, and when resolution or parameter sets change. Else it is nil.
	Track *av.Track
}

// Inbound makes one track's frames of its RTP packets: it puts them in order,
// says which to ask for again, and takes them out of their payloads. A frame is
// there as soon as its last packet is, if nothing before it is missing; a frame
// with a hole in it never is. After a hole that stays, a video track goes on with
// the next keyframe, an audio track with the next packet.
//
// It starts no goroutine and no timer: the caller pushes packets, takes frames,
// and looks again at Deadline. What it holds is bounded whatever comes: maxWindow
// packets, maxHeld bytes of them and one frame of maxFrame bytes. It serves one
// goroutine.
type Inbound struct {
	options   Options
	buffer    buffer
	assembler assembler
	stats     Stats
	anew      bool // the next packet begins a sequence
	taken     bool // the units were handed out
}

// NewInbound begins a track of which track says what signalling has said: its
// codec at least, an Opus track's channels, H.264's parameter sets if the
// session description names them. It fails on codecs that cannot be received.
func NewInbound(track av.Track, o Options) (*Inbound, error) {
	depay := newDepacketizer(track.Codec, o)
	if depay == nil {
		return nil, fmt.Errorf("rtpio: %s cannot be received over RTP", track.Codec)
	}
	track = described(track)
	in := &Inbound{options: o.withDefaults(track.Kind)}
	in.assembler = newAssembler(depay, &track, &in.stats)
	return in, nil
}

// described adds to a track what its codec alone says.
func described(t av.Track) av.Track {
	t.Kind = t.Codec.Kind()
	var known av.Track
	switch t.Codec {
	case av.Opus:
		known = codecs.OpusTrack(cmp.Or(t.Channels, 2)) // RFC 7587 section 7 signals two, always
	case av.PCMU, av.PCMA:
		known = codecs.PCMTrack(t.Codec)
	default:
		return t
	}
	t.SampleRate, t.Channels = known.SampleRate, known.Channels
	t.Profile = cmp.Or(t.Profile, known.Profile)
	return t
}

// Push takes the next packet off the wire. It keeps nothing of p.Payload.
func (in *Inbound) Push(p Packet) {
	in.release()
	b := &in.buffer
	if !b.started {
		b.begin(p)
	}
	if in.anew {
		in.anew = false
		b.restart(p.Seq)
	}
	ahead := int64(int16(p.Seq - uint16(b.end)))
	if ahead >= maxJump || ahead < -maxWindow {
		in.far(p)
		return
	}
	b.stray = nil
	in.place(b.end+ahead, p)
}

// far is for a packet too far from all others to belong to them, unless the
// next one follows it: then the sender has begun anew (RFC 3550 appendix A.1).
func (in *Inbound) far(p Packet) {
	b := &in.buffer
	first := b.stray
	if first == nil || p.Seq != first.Seq+1 {
		p.Payload = append([]byte(nil), p.Payload...)
		b.stray = &p
		return
	}
	in.flush()
	b.restart(first.Seq)
	in.place(b.end, *first)
	in.place(b.end, p)
}

// flush gives up all that is missing: what comes next has nothing to do with it.
func (in *Inbound) flush() {
	for in.buffer.next < in.buffer.end {
		in.skip()
	}
	in.assembler.gap()
	in.stats.Restarts++
}

// Restart says that the next packet begins a new sequence, as it does when the
// sender goes on under another SSRC.
func (in *Inbound) Restart() {
	in.release()
	if in.buffer.started && !in.anew {
		in.flush()
		in.anew = true
	}
}

// place puts a packet where its sequence number, extended, says.
func (in *Inbound) place(seq int64, p Packet) {
	b := &in.buffer
	switch {
	case seq < b.next:
		in.stats.Duplicates++
		return
	case seq >= b.end:
		for seq-b.next >= maxWindow {
			in.skip()
		}
		b.extend(seq, p.Arrived)
	default:
		s := b.at(seq)
		if s.present {
			in.stats.Duplicates++
			return
		}
		b.missing--
		if s.asks > 0 {
			in.stats.Recovered++
		} else {
			in.stats.Reordered++
		}
	}
	in.stats.Received++
	in.stats.Bytes += uint64(len(p.Payload))
	if seq > b.next {
		b.store(seq, p)
		for b.held > maxHeld {
			in.skip()
		}
		return
	}
	b.next++
	in.assembler.push(&p)
	in.drain()
}

// drain assembles what is in sequence.
func (in *Inbound) drain() {
	for {
		p, ok := in.buffer.take()
		if !ok {
			return
		}
		in.assembler.push(&p)
	}
}

// skip gives up the hole that holds everything up, and goes on behind it.
func (in *Inbound) skip() {
	if lost := in.buffer.giveUp(); lost > 0 {
		in.stats.Lost += uint64(lost)
		in.assembler.gap()
	}
	in.drain()
}

// Frames gives up what has been missing for too long and returns the frames
// that are complete, in order. They are the caller's, the slice only until the
// next call of Push or Frames.
func (in *Inbound) Frames(now time.Time) []Unit {
	in.release()
	for in.buffer.overdue(now, in.options.MaxWait) {
		in.skip()
	}
	in.taken = true
	return in.assembler.out
}

func (in *Inbound) release() {
	if in.taken {
		clear(in.assembler.out) // the frames are not ours to keep alive
		in.assembler.out = in.assembler.out[:0]
		in.taken = false
	}
}

// NeedsKeyframe is true while a video track has lost its way and drops frames
// until the next keyframe: the sender should be asked for one.
func (in *Inbound) NeedsKeyframe() bool { return in.assembler.lost }

// Track is the description in force, nil before the first frame.
func (in *Inbound) Track() *av.Track {
	if !in.assembler.told {
		return nil
	}
	return in.assembler.track
}
