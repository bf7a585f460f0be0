package bench

import (
	"context"
	"errors"
	"fmt"
)

// JoinOptions are those of `millrace bench join`.
type JoinOptions struct {
	Source `embed:""`
	Crowd  `embed:""`
	Joins  int     `help:"How many viewers join, and leave once they have a keyframe." default:"200"`
	Rate   float64 `help:"So many a second; 0 is one after the other." default:"0"`
}

func (o *JoinOptions) validate() error {
	if o.Joins < 1 || o.Joins > 1_000_000 || o.Rate < 0 || o.Rate > maxRate {
		return fmt.Errorf("%w: --joins or --rate is out of range", ErrUsage)
	}
	return errors.Join(o.Source.validate(), o.Crowd.validate())
}

// Join lets viewers come and go beside others who watch all the time, and measures
// what a join costs the server, and the others.
func (b *Bench) Join(ctx context.Context, o JoinOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	c, err := b.clip(&o.Source)
	if err != nil {
		return err
	}
	result := b.newResult("join")
	result.Viewers, result.Plain, result.Eager = o.Viewers, o.Plain, o.Eager
	if o.WHEP == "" || o.RTMP != "" {
		result.Clip = c
	}
	visits := float64(o.Joins) / o.Rate
	if o.Rate == 0 {
		visits = float64(o.Joins) // none should take a second
	}
	ctx, cancel := o.bounded(ctx, seconds(visits))
	defer cancel()
	r, err := b.start(ctx, &o.Source, c)
	if err != nil {
		return err
	}
	if err := r.finish(ctx, r.join(ctx, &o, result)); err != nil {
		return err
	}
	return b.publish(result, o.JSON)
}

func (r *run) join(ctx context.Context, o *JoinOptions, result *Result) error {
	watching, err := r.newCrew(ctx, max(1, o.Processes), &o.Crowd)
	if err != nil {
		return err
	}
	joining, err := r.newCrew(ctx, 1, &o.Crowd)
	if err != nil {
		return err
	}
	if _, err := r.bring(ctx, watching, watching.members, &order{Do: doJoin, Count: o.Viewers, Rate: o.Ramp}, result); err != nil {
		return err
	}
	if err := r.rest(ctx, watching, o.Settle); err != nil {
		return err
	}
	r.b.say("measuring without joins for %s", o.Duration)
	quiet, err := r.watch(ctx, watching, func() error { return pass(ctx, o.Duration) })
	if err != nil {
		return err
	}
	r.b.say("measuring with joins")
	var came *Join
	busy, err := r.watch(ctx, watching, func() error {
		var err error
		came, err = r.bring(ctx, joining, joining.members, &order{Do: doVisit, Count: o.Joins, Rate: o.Rate}, result)
		return err
	})
	if err != nil {
		return err
	}
	result.deliver(busy)
	result.spend(busy, nil, len(watching.members)+1)
	if result.Server != nil {
		// What watching costs by itself goes off.
		idle := float64(quiet.after.server.cpu-quiet.before.server.cpu) / float64(quiet.length()) * float64(busy.length())
		cpu := float64(busy.after.server.cpu-busy.before.server.cpu) - idle
		came.CPU = cpu / 1e6 / float64(came.Keyframe.Count)
		// That is by the packets of those who watch, and the joins' are not among them.
		result.Server.CPUPerPacket = 0
	}
	result.Join = came
	if before := distribute(quiet.tally.Arrived); before.Count > 0 {
		result.Quiet = &before
	}
	return nil
}
