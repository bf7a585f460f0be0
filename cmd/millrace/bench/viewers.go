package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/rtc/receiver"
)

// maxTallied bounds the marks of one measurement in one process: 16 bytes each.
const maxTallied = 8 << 20

// party is the viewers of one process.
type party struct {
	whep    string
	streams int
	asked   atomic.Int64 // viewers so far, who go round the streams
	room    *receiver.Room
	life    context.Context // the room's
	work    sync.WaitGroup  // likewise

	mu      sync.Mutex
	viewers []*receiver.Viewer
	since   int64     // marks made before are not of interest; 0 is none are
	arrived []float64 // guarded by mu
	read    []float64 // guarded by mu
}

// Viewers is a process of viewers: it follows the orders that come in until there
// are no more. When ctx ends, whatever order is being followed is given up.
func Viewers(ctx context.Context, in io.Reader, out io.Writer) error {
	p := &party{}
	var end context.CancelFunc
	p.life, end = context.WithCancel(context.WithoutCancel(ctx))
	defer p.work.Wait()
	defer end()
	defer p.leave()
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("bench: viewers: %w", err)
		}
		t, err := p.follow(ctx, &o)
		if err != nil {
			t.Error = err.Error()
		}
		if err := answers.Encode(&t); err != nil {
			return fmt.Errorf("bench: viewers: %w", err)
		}
	}
}

func (p *party) follow(ctx context.Context, o *order) (tally, error) {
	if (p.room == nil) != (o.Do == doOpen) {
		return tally{}, fmt.Errorf("%q makes no sense now", o.Do)
	}
	switch o.Do {
	case doOpen:
		return tally{}, p.open(o)
	case doJoin, doVisit:
		return p.join(ctx, o), nil
	case doBegin:
		p.begin(time.Now())
		return p.count(), nil
	case doCount:
		t := p.count()
		p.mu.Lock()
		defer p.mu.Unlock()
		t.Arrived, t.Read = p.arrived, p.read
		p.arrived, p.read = nil, nil
		return t, nil
	case doRest:
		p.room.Rest()
		return tally{}, nil
	case doLeave:
		p.leave()
		return p.count(), nil
	default:
		return tally{}, fmt.Errorf("no such order as %q", o.Do)
	}
}

func (p *party) open(o *order) error {
	room, err := receiver.New(receiver.Config{Plain: o.Plain, Eager: o.Eager, Mark: readMark, Every: o.Every, OnMark: p.note})
	if err != nil {
		return err
	}
	p.whep, p.streams, p.room = o.WHEP, max(o.Streams, 1), room
	p.work.Go(func() { _ = room.Serve(p.life) }) // it ends with its context, and without an error
	return nil
}

// note keeps what a mark says, once that is wanted.
func (p *party) note(m receiver.Marked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since == 0 || m.Value < p.since || len(p.arrived) >= maxTallied {
		return
	}
	const millisecond = float64(time.Millisecond)
	p.arrived = append(p.arrived, float64(m.Arrived.UnixNano()-m.Value)/millisecond)
	p.read = append(p.read, float64(m.Read.UnixNano()-m.Value)/millisecond)
}

func (p *party) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = now.UnixNano()
	p.arrived, p.read = nil, nil
}

// count sums up over all viewers.
func (p *party) count() tally {
	p.mu.Lock()
	viewers := p.viewers
	p.mu.Unlock()
	var c counts
	for _, v := range viewers {
		if err := v.Err(); err != nil {
			c.Ended = mergeCounts(c.Ended, map[string]int{err.Error(): 1})
		} else {
			c.Viewers++
		}
		s := v.Stats()
		c.Video += s.Video.Packets
		c.Audio += s.Audio.Packets
		c.Bytes += s.Video.Bytes + s.Audio.Bytes
		c.Pictures += s.Pictures
		c.Reads += s.Reads
		c.Trouble.Lost += s.Video.Lost + s.Audio.Lost
		c.Trouble.Dropped += s.Dropped
		c.Trouble.Duplicates += s.Video.Duplicates + s.Audio.Duplicates
		c.Trouble.Late += s.Video.Late + s.Audio.Late
		c.Trouble.Backward += s.Video.Backward + s.Audio.Backward
		c.Trouble.Broken += s.Broken
		c.Trouble.Unopened += s.Unopened
		c.Trouble.Unknown += s.Unknown + s.Video.Strays + s.Audio.Strays
	}
	return tally{Counts: c}
}

// leave ends all viewers, some at a time.
func (p *party) leave() {
	p.mu.Lock()
	viewers := p.viewers
	p.viewers = nil
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.life, patience)
	defer cancel()
	var work sync.WaitGroup
	doors := make(chan struct{}, maxJoining)
	for _, v := range viewers {
		doors <- struct{}{}
		work.Go(func() {
			_ = v.Close(ctx) // a server that is gone needs no goodbye
			<-doors
		})
	}
	work.Wait()
}
