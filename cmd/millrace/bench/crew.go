package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// viewersEach is how many viewers one process is given: more would make its memory
// collector's rounds felt in the latencies that it measures.
const viewersEach = 500

// crew is the viewers' processes.
type crew struct{ members []*member }

// member is one of them.
type member struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// newCrew starts so many processes, each ready to bring viewers to the address.
func (b *Bench) newCrew(ctx context.Context, size int, o order) (*crew, error) {
	c := &crew{}
	for range size {
		m, err := b.newMember()
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.members = append(c.members, m)
	}
	o.Do = doOpen
	if _, err := c.ask(ctx, o); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (b *Bench) newMember() (*member, error) {
	cmd := exec.Command(b.Executable, "bench", "viewers")
	cmd.Env, cmd.Stderr = foreign(b.Environ), b.Log
	tie(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("viewers' process: %w", err)
	}
	return &member{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}, nil
}

// foreign is an environment without our settings.
func foreign(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool { return strings.HasPrefix(entry, "MILLRACE_") })
}

// ask gives all members an order at once and adds up their answers. A count and a
// rate are divided among them. When ctx ends, they give up.
func (c *crew) ask(ctx context.Context, o order) (tally, error) {
	return c.askSome(ctx, c.members, o)
}

func (c *crew) askSome(ctx context.Context, members []*member, o order) (tally, error) {
	stop := context.AfterFunc(ctx, func() {
		for _, m := range members {
			_ = m.cmd.Process.Signal(syscall.SIGTERM) // it answers at once; it may have ended
		}
	})
	defer stop()
	answers, errs := make([]tally, len(members)), make([]error, len(members))
	var work sync.WaitGroup
	for i, m := range members {
		mine := o
		mine.Count = share(o.Count, len(members), i)
		mine.Rate = o.Rate / float64(len(members))
		work.Go(func() { answers[i], errs[i] = m.ask(&mine) })
	}
	work.Wait()
	var sum tally
	for _, t := range answers {
		sum.add(t)
	}
	if ctx.Err() != nil {
		return sum, context.Cause(ctx)
	}
	return sum, errors.Join(errs...)
}

// share is the i-th part of count in so many.
func share(count, parts, i int) int { return (count + i) / parts }

func (m *member) ask(o *order) (tally, error) {
	var t tally
	if err := m.enc.Encode(o); err != nil {
		return t, fmt.Errorf("viewers' process: %w", err)
	}
	if err := m.dec.Decode(&t); err != nil {
		return t, fmt.Errorf("viewers' process: %w", err)
	}
	if t.Error != "" {
		return t, fmt.Errorf("viewers' process: %s", t.Error)
	}
	return t, nil
}

// close lets the processes end, their viewers leaving in good order, and ends those
// that do not.
func (c *crew) close() error {
	errs := make([]error, len(c.members))
	var work sync.WaitGroup
	for i, m := range c.members {
		work.Go(func() {
			_ = m.in.Close() // the word to leave
			errs[i] = wait(m.cmd, patience+5*time.Second)
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// wait waits for a process of ours, and ends it when its time is over.
func wait(cmd *exec.Cmd, most time.Duration) error {
	late := time.AfterFunc(most, func() { _ = cmd.Process.Kill() }) // it may just have ended
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", cmd.Args[1:], err)
	}
	return nil
}
