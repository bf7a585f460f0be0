package rtpio

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"millrace/transmux/av"
)

// network is a path that loses, delays, overtakes and repeats, and a sender at
// its other end that answers every request.
type network struct {
	rand   *rand.Rand
	loss   float64
	double float64
	delay  time.Duration
	jitter time.Duration
	wait   time.Duration // how long the receiver waits for a hole
	video  bool
}

// arrival is a packet that comes, once or again.
type arrival struct {
	index int // of the packet, from the stream's first on
	at    time.Time
}

func (a arrival) compare(b arrival) int { return a.at.Compare(b.at) }

// run is what happened: what was sent, what came, what went out.
type run struct {
	packets  []Packet
	frames   [][2]int // the packets of each frame, from and to
	keys     []bool
	arrivals []arrival // in order of time, as they were pushed
	emitted  []emission
	stats    Stats
}

type emission struct {
	frame int
	at    time.Time
}

// send makes a stream of frames that carry their number. The last packets are
// not lost, so that what is missing before them shows.
func (n *network) send(frames int) *run {
	r := &run{}
	s := &stream{seq: uint16(n.rand.Uint32()), ts: n.rand.Uint32(), at: time.Unix(1000, 0)}
	for i := range frames {
		key := i == 0 || n.rand.IntN(40) == 0
		number := binary.BigEndian.AppendUint32(nil, uint32(i))
		var payloads [][]byte
		if n.video {
			p := vp8Payloads(key, 0)
			payloads = [][]byte{p[0]}
			for range n.rand.IntN(6) {
				payloads = append(payloads, []byte{0, 7, 7, 7})
			}
			payloads = append(payloads, append([]byte{0}, number...))
		} else {
			payloads = [][]byte{append([]byte{0xFC}, number...)}
		}
		from := len(r.packets)
		for j, p := range s.frame(payloads...) {
			p.Arrived = p.Arrived.Add(-time.Duration(j) * 800 * time.Microsecond) // when it is sent
			r.packets = append(r.packets, p)
		}
		r.frames = append(r.frames, [2]int{from, len(r.packets)})
		r.keys = append(r.keys, key)
	}
	return r
}

func (n *network) lost() bool { return n.rand.Float64() < n.loss }

func (n *network) later(d time.Duration) time.Duration {
	if n.jitter == 0 {
		return d
	}
	return d + time.Duration(n.rand.Int64N(int64(n.jitter)))
}

// play lets the stream go over the network into an Inbound, retransmissions
// included, on a clock of its own.
func (n *network) play(t *testing.T, r *run) {
	codec := av.VP8
	if !n.video {
		codec = av.Opus
	}
	in := newInbound(t, codec, Options{Retransmits: true, MaxWait: n.wait})
	var queue []arrival
	for i, p := range r.packets {
		reliable := i == 0 || i >= len(r.packets)-4
		at := p.Arrived.Add(n.delay)
		if i > 0 {
			at = p.Arrived.Add(n.later(n.delay))
		}
		if reliable || !n.lost() {
			queue = append(queue, arrival{i, at})
		}
		if i > 0 && n.rand.Float64() < n.double {
			queue = append(queue, arrival{i, p.Arrived.Add(n.later(n.delay))})
		}
	}
	slices.SortStableFunc(queue, arrival.compare)
	rtt := 2 * n.delay
	for len(queue) > 0 || !in.Deadline().IsZero() {
		now := in.Deadline()
		if len(queue) > 0 && (now.IsZero() || queue[0].at.Before(now)) {
			now = queue[0].at
			p := r.packets[queue[0].index]
			p.Arrived = now
			r.arrivals = append(r.arrivals, queue[0])
			queue = queue[1:]
			in.Push(p)
		}
		for _, u := range in.Frames(now) {
			part := u.Frame.Parts[0]
			r.emitted = append(r.emitted, emission{int(binary.BigEndian.Uint32(part[len(part)-4:])), now})
			if u.Frame.Arrived.After(now) {
				t.Fatal("a frame arrived after it was there")
			}
		}
		for _, seq := range in.Missing(now, rtt) {
			i := int(seq - r.packets[0].Seq)
			if i < 0 || i >= len(r.packets) || r.packets[i].Seq != seq {
				t.Fatalf("asks for %d, which is nothing", seq)
			}
			if requested := !n.lost(); requested && !n.lost() {
				again := arrival{i, now.Add(n.later(rtt))}
				place, _ := slices.BinarySearchFunc(queue, again, arrival.compare)
				queue = slices.Insert(queue, place, again)
			}
		}
	}
	r.stats = in.Stats()
	if in.buffer.missing != 0 || in.buffer.held != 0 {
		t.Fatalf("%d missing, %d bytes held in the end", in.buffer.missing, in.buffer.held)
	}
}

// expect says by the arrivals alone what should have gone out, and when. A
// packet is lost when it has not come a wait after the first that was sent later;
// everything goes out when all before it has come or is lost.
func (n *network) expect(r *run) (want []emission, lost int) {
	came := make([]time.Time, len(r.packets))
	noticed := make([]time.Time, len(r.packets)) // that it should have come
	highest := -1
	for _, a := range r.arrivals {
		for i := highest + 1; i < a.index; i++ {
			noticed[i] = a.at
		}
		highest = max(highest, a.index)
		if came[a.index].IsZero() {
			came[a.index] = a.at
		}
	}
	var settled time.Time
	waiting := n.video
	for f, span := range r.frames {
		whole := true
		for i := span[0]; i < span[1]; i++ {
			at := came[i]
			if limit := noticed[i].Add(n.wait); !noticed[i].IsZero() && (at.IsZero() || !at.Before(limit)) {
				at, whole = limit, false
				lost++
			}
			if at.After(settled) {
				settled = at
			}
		}
		if n.video {
			waiting = !whole || waiting && !r.keys[f]
		}
		if whole && !waiting {
			want = append(want, emission{f, settled})
		}
	}
	return want, lost
}

// Every frame that can be complete goes out exactly once, in order, and at
// once.
func TestInboundAgreesWithModel(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := &network{
			rand: rnd, loss: float64(rnd.IntN(4)) * 0.07, double: float64(rnd.IntN(3)) * 0.1,
			delay:  time.Duration(rnd.IntN(60)) * time.Millisecond,
			jitter: time.Duration(rnd.IntN(3)) * 15 * time.Millisecond,
			wait:   time.Duration(1+rnd.IntN(6)) * 100 * time.Millisecond,
			video:  seed%4 != 0,
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := n.send(200)
			n.play(t, r)
			want, lost := n.expect(r)
			for i := range max(len(want), len(r.emitted)) {
				if i >= len(want) || i >= len(r.emitted) || cmp.Compare(want[i].frame, r.emitted[i].frame) != 0 || !want[i].at.Equal(r.emitted[i].at) {
					t.Fatalf("%+v: the %dth frame is %v, want %v", n, i, r.emitted[min(i, len(r.emitted)):min(i+1, len(r.emitted))], want[min(i, len(want)):min(i+1, len(want))])
				}
			}
			if int(r.stats.Lost) != lost || int(r.stats.Frames) != len(want) || int(r.stats.Frames+r.stats.Skipped) > len(r.frames) {
				t.Errorf("%+v; %d packets lost, %d frames", r.stats, lost, len(want))
			}
		})
	}
}

// With a round trip of 60 ms, retransmission leaves next to nothing to miss.
func TestInboundRecovers(t *testing.T) {
	for loss, least := range map[float64]float64{0.05: 0.999, 0.1: 0.995} {
		n := &network{
			rand: rand.New(rand.NewPCG(7, 7)), loss: loss, delay: 30 * time.Millisecond,
			jitter: 3 * time.Millisecond, wait: maxWaitVideo, video: true,
		}
		r := n.send(3000)
		n.play(t, r)
		share := float64(len(r.emitted)) / float64(len(r.frames))
		var worst time.Duration
		for i := range r.emitted[1:] {
			worst = max(worst, r.emitted[i+1].at.Sub(r.emitted[i].at))
		}
		t.Logf("%.0f %% loss: %.2f %% of frames, at most %v apart; %d packets asked for %d times, %d recovered",
			100*loss, 100*share, worst, int(r.stats.Recovered+r.stats.Lost), r.stats.Asked, r.stats.Recovered)
		if share < least {
			t.Errorf("%.0f %% loss: %.2f %% of frames", 100*loss, 100*share)
		}
	}
}
