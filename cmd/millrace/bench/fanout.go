package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FanoutOptions are those of `millrace bench fanout`, latency and compare.
type FanoutOptions struct {
	Source    `embed:""`
	Crowd     `embed:""`
	FloorTime time.Duration `help:"Measure each way of the floor for so long; 0 not at all." default:"${floor}"`
}

// Fanout lets viewers watch one stream, and measures once all are there and at
// rest. what names the measurement.
func (b *Bench) Fanout(ctx context.Context, what string, o FanoutOptions) error {
	if err := errors.Join(o.Source.validate(), o.Crowd.validate()); err != nil {
		return err
	}
	if o.FloorTime < 0 || o.FloorTime > maxDuration {
		return fmt.Errorf("%w: --floor-time is out of range", ErrUsage)
	}
	c, err := b.clip(&o.Source)
	if err != nil {
		return err
	}
	result := b.newResult(what)
	result.Viewers, result.Streams, result.Plain, result.Eager = o.Viewers, o.Streams, o.Plain, o.Eager
	if o.WHEP == "" || o.RTMP != "" || o.Clip != "" {
		result.Clip = c
	}
	if o.FloorTime > 0 {
		b.say("measuring the floor")
		like := likeClip(result.Clip, &o.Crowd)
		like.Duration = o.FloorTime
		result.Floor, err = measureFloor(ctx, like, false, c.HasSound)
		if errors.Is(err, errNoFloor) {
			result.note("%v", err)
		} else if err != nil {
			return err
		}
	}
	ctx, cancel := o.bounded(ctx, 0)
	defer cancel()
	r, err := b.start(ctx, &o.Source, c)
	if err != nil {
		return err
	}
	if err := r.finish(ctx, r.fanout(ctx, &o.Crowd, result)); err != nil {
		return err
	}
	return b.publish(result, o.JSON)
}

// likeClip is a floor with the packets of the clip's pictures, at their rate; of a
// usual stream's where the clip is not known.
func likeClip(c *clip, crowd *Crowd) FloorOptions {
	o := FloorOptions{Packets: 10, Bytes: 1200, Viewers: crowd.Viewers, Rate: 30, Plain: crowd.Plain, Eager: crowd.Eager}
	if c != nil {
		o.Bytes = int(c.PacketBytes+0.5) + sealedBytes
		o.Packets = min(c.Packets, maxRunPackets, float64(maxRunBytes/o.Bytes))
		o.Rate = c.PictureRate
	}
	return o
}

// fanout brings the viewers in and measures.
func (r *run) fanout(ctx context.Context, crowd *Crowd, result *Result) error {
	processes := crowd.Processes
	if processes == 0 {
		processes = (crowd.Viewers + viewersEach - 1) / viewersEach
	}
	c, err := r.newCrew(ctx, processes, crowd)
	if err != nil {
		return err
	}
	// The first viewer makes the server make what is made once: derived tracks, a
	// fan. What is measured is what the others add.
	one, err := r.bring(ctx, c, c.members[:1], &order{Do: doJoin, Count: 1}, result)
	if err != nil {
		return err
	}
	if err := r.rest(ctx, c, crowd.Settle); err != nil {
		return err
	}
	first, err := r.sample(ctx)
	if err != nil {
		return err
	}
	all := one
	if crowd.Viewers > 1 {
		if all, err = r.bring(ctx, c, c.members, &order{Do: doJoin, Count: crowd.Viewers - 1, Rate: crowd.Ramp}, result); err != nil {
			return err
		}
		if err := r.rest(ctx, c, crowd.Settle); err != nil {
			return err
		}
	}
	result.Join = all
	r.b.say("measuring for %s", crowd.Duration)
	w, err := r.watch(ctx, c, func() error { return pass(ctx, crowd.Duration) })
	if err != nil {
		return err
	}
	result.deliver(w)
	result.spend(w, &first, processes)
	if len(r.publishers) > 0 && result.Added == nil {
		result.note("no mark came through: the server leaves SEI messages out, or the time was too short")
	}
	return nil
}

// bring lets viewers join.
func (r *run) bring(ctx context.Context, c *crew, members []*member, o *order, result *Result) (*Join, error) {
	begun := time.Now()
	t, err := c.askSome(ctx, members, *o)
	if err != nil {
		return nil, err
	}
	came := len(t.Keyframe)
	took := time.Since(begun)
	j := &Join{
		Connected: distribute(t.Connected), Keyframe: distribute(t.Keyframe),
		Failed: t.Failed, Rate: float64(came) / took.Seconds(),
	}
	r.b.say("%d of %d viewers came within %s", came, o.Count, took.Round(time.Millisecond))
	switch {
	case came == 0:
		return nil, fmt.Errorf("bench: no viewer came in: %v", t.Failed)
	case len(t.Failed) > 0:
		result.note("joins that failed: %v", t.Failed)
	}
	return j, nil
}

// rest lets everything settle.
func (r *run) rest(ctx context.Context, c *crew, d time.Duration) error {
	if _, err := c.ask(ctx, order{Do: doRest}); err != nil {
		return err
	}
	if err := pass(ctx, d); err != nil {
		return err
	}
	r.collect(ctx)
	return nil
}

const (
	// collecting bounds how long a server is asked for rounds of its collector.
	collecting = 3 * time.Second
	// collected is how many there should be: what a pool holds goes in the second.
	collected = 2
)

// collect makes a Go server's memory collector come round, so that what joining
// left is not counted as what watching takes. A server that only sends allocates
// next to nothing, and would come to it after two minutes; answering /metrics
// does allocate.
func (r *run) collect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, collecting)
	defer cancel()
	first := -1.0
	for {
		metrics, err := scrape(ctx, r.client, r.at.whep)
		rounds, there := metrics[metricRounds]
		if err != nil || !there {
			return // not such a server, or time is up
		}
		if first < 0 {
			first = rounds
		}
		if rounds >= first+collected {
			return
		}
	}
}
