// Package intake is what receives in a WebRTC session: it takes the packets of one
// peer, asks for those that are missing and for keyframes, tells the peer what it
// needs to know of the line, and makes frames of what came.
//
// ingest/whip and ingest/whep each run one for a session, on the goroutine of that,
// as the Events of their rtc/sender endpoint. It must not know HTTP, nor what
// becomes of the frames.
package intake

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtpio"
)

const (
	// beat is how often a session looks for packets to ask for again: the wait
	// before the first request is half of it on average.
	beat = 10 * time.Millisecond
	// feedbackInterval is between transport-wide feedbacks: a browser's bandwidth
	// estimation wants 50 to 250 ms.
	feedbackInterval = 50 * time.Millisecond
	// reportInterval is between receiver reports.
	reportInterval = time.Second
	// keyframeInterval is the least distance between two requests for a keyframe,
	// whoever asks.
	keyframeInterval = 500 * time.Millisecond
	// controls bounds the RTCP packets that wait for the session.
	controls = 64
)

// Publisher takes the frames; *bus.Publisher is one.
type Publisher interface {
	SetTrack(t av.Track) *av.Track
	Write(f *av.Frame)
}

// Endpoint is the way to the peer; *sender.Endpoint is one.
type Endpoint interface {
	OpenRTP(dst, sealed []byte) ([]byte, error)
	SendRTCP(rtcp []byte) error
	RoundTrip() time.Duration
}

// Counters count over all intakes that share them.
type Counters struct {
	Packets   atomic.Uint64 // of RTP
	Lost      atomic.Uint64 // of them, those that never came
	Recovered atomic.Uint64 // those that came when they were asked for again
	Asked     atomic.Uint64 // those asked for again, each time counted (NACK)
	Refreshes atomic.Uint64 // requests for a keyframe, of each picture (PLI)
	Dropped   atomic.Uint64 // those that a full queue had no room for
	Jumps     atomic.Uint64 // times that a track's timestamps began anew
}

// Intake receives in one session. Its methods but for Run are the part of
// sender.Events that is about media, and are called from the port's goroutines.
type Intake struct {
	counters *Counters
	queue    *queue
	control  chan []byte // opened RTCP
	ready    chan struct{}

	// Of Run's goroutine:
	in       *sorter
	endpoint Endpoint
	feedback time.Time // when each was last sent
	reported time.Time
	keyframe time.Time
	wanted   bool // a keyframe, as soon as one may be asked for
	opened   []byte
	tallied  rtpio.Stats // what the counters have of it
	leaps    uint64      // likewise

	bytes, refreshes uint64 // see Figures
	figures          atomic.Pointer[Figures]
}

// New makes an intake for what was negotiated.
func New(media []description.AnswerMedia, counters *Counters) *Intake {
	return &Intake{
		counters: counters, in: newSorter(media),
		queue: newQueue(), control: make(chan []byte, controls), ready: make(chan struct{}, 1),
	}
}

// Connected lets the session ask for what it needs.
func (s *Intake) Connected() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Media takes an RTP packet as it came.
func (s *Intake) Media(sealed []byte, arrived time.Time) {
	if !s.queue.push(sealed, arrived) {
		s.counters.Dropped.Add(1)
	}
}

// Feedback takes an RTCP packet; one that finds no room is followed by others.
func (s *Intake) Feedback(compound []byte) {
	select {
	case s.control <- append([]byte(nil), compound...):
	default:
	}
}

// Run makes frames of what comes until ctx ends, whose cause it returns, or over
// is closed, for which it returns nil. Whenever wanted receives, the peer is asked
// for a keyframe.
func (s *Intake) Run(ctx context.Context, e Endpoint, to Publisher, wanted, over <-chan struct{}) error {
	s.endpoint, s.in.publisher = e, to
	defer s.tally()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	var packets []packet
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-over:
			return nil
		case <-s.queue.wake:
			packets = s.queue.take(packets)
			for _, p := range packets {
				s.takePacket(p)
			}
		case compound := <-s.control:
			s.takeControl(compound, time.Now())
		case <-wanted:
			s.wanted = true
		case <-s.ready:
			s.wanted = true // the first one may have been lost before the keys were there
		case <-ticker.C:
		}
		s.speak(time.Now())
	}
}

// Stats are those of the session, once Run has returned.
func (s *Intake) Stats() rtpio.Stats { return s.in.sum() }

func (s *Intake) takePacket(p packet) {
	opened, err := s.endpoint.OpenRTP(s.opened[:0], p.sealed)
	if err != nil {
		return // not the peer's, or it came before
	}
	s.opened = opened
	s.counters.Packets.Add(1)
	s.bytes += uint64(len(p.sealed))
	s.in.take(opened, p.arrived)
}

// takeControl reads sender reports; everything else a peer may say is about what
// it receives, which is nothing.
func (s *Intake) takeControl(compound []byte, arrived time.Time) {
	packets, err := rtcp.Unmarshal(compound)
	if err != nil {
		return // authenticated but broken: a bug of the peer's that hurts only itself
	}
	for _, p := range packets {
		if report, ok := p.(*rtcp.SenderReport); ok {
			s.in.report(report, arrived)
		}
	}
}

// tally adds to the counters what has come since the last time.
func (s *Intake) tally() {
	sum := s.in.sum()
	s.counters.Lost.Add(sum.Lost - s.tallied.Lost)
	s.counters.Recovered.Add(sum.Recovered - s.tallied.Recovered)
	s.counters.Asked.Add(sum.Asked - s.tallied.Asked)
	s.counters.Jumps.Add(s.in.jumps - s.leaps)
	s.tallied, s.leaps = sum, s.in.jumps
}

// speak sends what is due.
func (s *Intake) speak(now time.Time) {
	var due []rtcp.Packet
	s.in.release(now)
	due = append(due, s.in.missing(now, s.endpoint.RoundTrip())...)
	if now.Sub(s.feedback) >= feedbackInterval {
		s.feedback = now
		due = append(due, s.in.transportFeedback()...)
	}
	if now.Sub(s.reported) >= reportInterval {
		s.reported = now
		s.tally()
		s.show(now)
		due = append(due, s.in.reports(now)...)
	}
	s.wanted = s.wanted || s.in.needsKeyframe()
	if s.wanted && now.Sub(s.keyframe) >= keyframeInterval {
		if asks := s.in.keyframeRequests(); len(asks) > 0 {
			s.wanted, s.keyframe = false, now
			s.counters.Refreshes.Add(uint64(len(asks)))
			s.refreshes++
			due = append(due, asks...)
		}
	}
	if len(due) == 0 {
		return
	}
	if raw, err := rtcp.Marshal(due); err == nil {
		_ = s.endpoint.SendRTCP(raw) // lost ones are followed by others
	}
}
