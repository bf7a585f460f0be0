package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"millrace/cmd/millrace/bench"
	"millrace/cmd/millrace/config"
)

// benchCommand is the load tool; docs/performance.md tells how to use it.
type benchCommand struct {
	Fanout  benchFanout  `kong:"cmd,set='viewers=50',set='duration=20s',set='every=10',set='eager=false',set='floor=2s',help='Let many watch one stream: CPU a packet beside the floor, memory a viewer, loss, latency.'"`
	Latency benchLatency `kong:"cmd,set='viewers=1',set='duration=20s',set='every=1',set='eager=true',set='floor=0s',help='The same for few viewers, with the send time in every picture.'"`
	Join    benchJoin    `kong:"cmd,set='viewers=1',set='duration=5s',set='every=10',set='eager=false',help='Let viewers come and go beside others: CPU a join, times, what the others feel of it.'"`
	Floor   benchFloor   `cmd:"" help:"What sealing and sending alone costs on this machine, by different system calls."`
	Compare benchCompare `kong:"cmd,set='viewers=50',set='duration=20s',set='every=10',set='eager=false',set='floor=2s',help='As fanout, for any WHEP server: name its address and its process.'"`
	Chart   benchChart   `cmd:"" help:"Draw results that --json wrote against their numbers of viewers."`
	Viewers benchViewers `cmd:"" hidden:"" help:"A process of viewers, for the others."`
}

type benchFanout struct {
	bench.FanoutOptions `embed:""`
}

// Run is for kong.
func (c *benchFanout) Run(p *process) error {
	return withBench(p, func(ctx context.Context, b *bench.Bench) error { return b.Fanout(ctx, "fanout", c.FanoutOptions) })
}

type benchLatency struct {
	bench.FanoutOptions `embed:""`
}

// Run is for kong.
func (c *benchLatency) Run(p *process) error {
	return withBench(p, func(ctx context.Context, b *bench.Bench) error { return b.Fanout(ctx, "latency", c.FanoutOptions) })
}

type benchCompare struct {
	bench.FanoutOptions `embed:""`
}

// Run is for kong.
func (c *benchCompare) Run(p *process) error {
	if c.WHEP == "" || c.ServerPID == 0 {
		return fmt.Errorf("compare: name the server by --whep and --server-pid\n%w", errUsage)
	}
	return withBench(p, func(ctx context.Context, b *bench.Bench) error { return b.Fanout(ctx, "compare", c.FanoutOptions) })
}

type benchJoin struct {
	bench.JoinOptions `embed:""`
}

// Run is for kong.
func (c *benchJoin) Run(p *process) error {
	return withBench(p, func(ctx context.Context, b *bench.Bench) error { return b.Join(ctx, c.JoinOptions) })
}

type benchFloor struct {
	bench.FloorOptions `embed:""`
}

// Run is for kong.
func (c *benchFloor) Run(p *process) error {
	return withBench(p, func(ctx context.Context, b *bench.Bench) error { return b.Floor(ctx, c.FloorOptions) })
}

type benchChart struct {
	bench.ChartOptions `embed:""`
}

// Run is for kong.
func (c *benchChart) Run() error {
	err := bench.Chart(c.ChartOptions)
	if errors.Is(err, bench.ErrUsage) {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	return err
}

type benchViewers struct{}

// Run is for kong.
func (benchViewers) Run(p *process) error {
	// A terminal's Ctrl+C reaches us too; whoever started us will tell.
	signal.Ignore(syscall.SIGINT)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return bench.Viewers(ctx, os.Stdin, p.stdout)
}

// withBench runs a measurement until it is over or a signal comes.
func withBench(p *process, measure func(context.Context, *bench.Bench) error) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, release := untilSignal(newLog(config.Defaults(), p.stderr))
	defer release()
	err = measure(ctx, &bench.Bench{
		Executable: executable, Environ: p.environ, Version: version(), Clip: demoClip,
		Out: p.stdout, Log: p.stderr,
	})
	if errors.Is(err, bench.ErrUsage) {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	return err
}
