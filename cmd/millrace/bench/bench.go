// Package bench is the load tool: it publishes a clip over RTMP, opens many light
// WHEP viewers (transmux/rtc/receiver) in processes of their own, and tells what
// the server spends on them, beside the floor: the least that sealing and sending
// the same packets costs on this machine, measured in the same run.
//
// cmd/millrace calls it for `millrace bench`. It sees the server as a stranger
// does: by RTMP, WHEP, /metrics and its process, so that any server can be measured.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// ErrUsage is wrapped by what is wrong with the options.
var ErrUsage = errors.New("bench")

// Bench is what a measurement gets from the world around it.
type Bench struct {
	// Executable is millrace: the server, and the viewers' processes.
	Executable string
	// Environ is handed on to them, without what is a setting of the server's.
	Environ []string
	// Version names what is measured.
	Version string
	// Clip is published where none is named: an FLV file's bytes.
	Clip []byte
	// Out takes the result, Log what happens on the way.
	Out, Log io.Writer
}

// Source says what is published, and to whom. The tags are the command line's.
type Source struct {
	Clip      string `help:"FLV file with H.264 to publish, in a loop; the demo's clip without." type:"existingfile" placeholder:"FILE"`
	Streams   int    `help:"Publish so many streams, among which the viewers are divided." default:"1"`
	MarkEvery int    `help:"Put the send time into each Nth picture, from which added latency is measured. A mark may cost a packet and a system call." default:"${every}"`
	WHEP      string `name:"whep" help:"Measure the server at this WHEP address instead of one of our own." placeholder:"URL"`
	RTMP      string `name:"rtmp" help:"Publish there; with --whep and without this you publish yourself." placeholder:"URL"`
	ServerPID int    `name:"server-pid" help:"That server's process, for its CPU time and memory." placeholder:"PID"`
	JSON      string `name:"json" help:"Write the result there, too." type:"path" placeholder:"FILE"`
}

// Crowd says how viewers come.
type Crowd struct {
	Viewers   int           `help:"How many watch." default:"${viewers}"`
	Ramp      float64       `help:"So many join a second." default:"40"`
	Settle    time.Duration `help:"Wait so long after the last has joined: handshakes are forgotten after 3 s, memory is given back later." default:"8s"`
	Duration  time.Duration `help:"Measure for so long." default:"${duration}"`
	Processes int           `help:"Spread the viewers over so many processes; 0 is one for each 500." default:"0"`
	Plain     bool          `help:"Viewers read packet by packet, so that the kernel cuts each run up at the sender's expense, as it does where the network card cannot."`
	Eager     bool          `help:"Viewers wake up for each picture, at the sender's expense, instead of every few milliseconds; tells when pictures are read." default:"${eager}"`
}

// Bounds of what may be asked for: typing errors, not limits of the machine.
const (
	maxViewers  = 20_000
	maxStreams  = 5_000
	maxDuration = 24 * time.Hour
	maxRate     = 10_000
)

func (c *Crowd) validate() error {
	switch {
	case c.Viewers < 1 || c.Viewers > maxViewers:
		return fmt.Errorf("%w: --viewers must be from 1 to %d", ErrUsage, maxViewers)
	case c.Ramp <= 0 || c.Ramp > maxRate:
		return fmt.Errorf("%w: --ramp must be more than 0 and at most %d", ErrUsage, maxRate)
	case c.Duration < time.Second || c.Duration > maxDuration || c.Settle < 0 || c.Settle > maxDuration:
		return fmt.Errorf("%w: --duration must be from 1s to %s", ErrUsage, maxDuration)
	case c.Processes < 0 || c.Processes > c.Viewers:
		return fmt.Errorf("%w: --processes must be from 1 to the number of viewers", ErrUsage)
	}
	return nil
}

// errTooLong ends a measurement that hangs.
var errTooLong = errors.New("it takes far longer than it can")

// spare is the time that a measurement has for starting, stopping and slow joins.
const spare = 2 * time.Minute

// bounded ends a measurement when it must long have been over.
func (c *Crowd) bounded(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	joining := seconds(float64(c.Viewers) / c.Ramp)
	return context.WithTimeoutCause(ctx, 2*(joining+c.Settle+c.Duration+more)+spare, errTooLong)
}

// seconds is a duration of so many, at most the greatest that may be asked for.
func seconds(n float64) time.Duration {
	return time.Duration(min(n, maxDuration.Seconds()) * float64(time.Second))
}

func (s *Source) validate() error {
	switch {
	case s.MarkEvery < 1:
		return fmt.Errorf("%w: --mark-every must be 1 or more", ErrUsage)
	case s.WHEP == "" && (s.RTMP != "" || s.ServerPID != 0):
		return fmt.Errorf("%w: --rtmp and --server-pid go with --whep", ErrUsage)
	case s.Streams < 0 || s.Streams > maxStreams:
		return fmt.Errorf("%w: --streams must be from 1 to %d", ErrUsage, maxStreams)
	}
	return nil
}

// clip reads what is to be published.
func (b *Bench) clip(s *Source) (*clip, error) {
	raw, name := b.Clip, "demo"
	if s.Clip != "" {
		var err error
		if raw, err = os.ReadFile(s.Clip); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUsage, err)
		}
		name = s.Clip
	}
	c, err := readClip(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUsage, name, err)
	}
	c.Name = name
	return c, nil
}

func (b *Bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.Log, "bench: "+format+"\n", args...)
}

// pass lets time go by: how long something is measured.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Floor measures the floor alone.
func (b *Bench) Floor(ctx context.Context, o FloorOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	f, err := measureFloor(ctx, o, true, false)
	if err != nil {
		return err
	}
	r := b.newResult("floor")
	r.Floor, r.Plain, r.Eager = f, o.Plain, o.Eager
	return b.publish(r, o.JSON)
}
