package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// killGrace is what a command has for cleaning up after it was told to end, and
	// for its output after it has ended.
	killGrace = time.Second
	// maxOutput is how much of a command's output gets into the log, in bytes: its
	// last words say why.
	maxOutput = 4 << 10
	// tryLater is the exit status of a command that wants to be run again: EX_TEMPFAIL
	// of sysexits.h.
	tryLater = 75
)

// command carries messages by running a program.
type command struct {
	cfg *Hook
	log *slog.Logger
}

// target is the program's name; its arguments may be secrets.
func (c *command) target() string { return filepath.Base(c.cfg.Command[0]) }

// carry runs the program once, and ends it and what it has started when it takes too
// long.
func (c *command) carry(ctx context.Context, m *Message) error {
	cmd := exec.CommandContext(ctx, c.cfg.Command[0], c.cfg.Command[1:]...)
	cmd.Env = append(environment(), m.environ()...)
	cmd.Stdin = bytes.NewReader(append(m.body(), '\n'))
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	apart(cmd)
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = killGrace
	begun := time.Now()
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		kill(cmd.Process) // what is left of its group
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it has ended well; something that it started holds its output
	}
	err = c.judge(ctx, err, &out)
	c.log.Debug("hooks: command ended", "hook", c.cfg.Name, "event", m.ID,
		"duration", time.Since(begun).Round(time.Millisecond), "cause", err, "output", out.String())
	return err
}

// judge says what an end means: only what the machine could not do, and a command
// that says so, is tried again.
func (c *command) judge(ctx context.Context, err error, out *tail) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return final{fmt.Errorf("the command did not end within %s%s", c.cfg.timeout(), out.quote())}
	case errors.As(err, &exit) && exit.ExitCode() == tryLater:
		return fmt.Errorf("the command ended with status %d%s", tryLater, out.quote())
	case errors.As(err, &exit):
		return final{fmt.Errorf("the command ended with %s%s", exit.ProcessState, out.quote())}
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("the command cannot be started now: %w", bare(err))
	default:
		return final{fmt.Errorf("the command cannot be started: %w", bare(err))}
	}
}

// bare is an error without the command line.
func bare(err error) error {
	var start *exec.Error
	if errors.As(err, &start) {
		return start.Err
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// environment is ours without our settings, among which there are secrets.
func environment() []string {
	var list []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "MILLRACE_") {
			list = append(list, entry)
		}
	}
	return list
}

// tail keeps the end of what is written to it.
type tail struct{ last []byte }

// Write is io.Writer's.
func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(0, len(p)-maxOutput):]...)
	if over := len(t.last) - maxOutput; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(string(t.last), "?")) }

// quote is the last line, for an error.
func (t *tail) quote() string {
	text := t.String()
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	if text = plain(text); text == "" {
		return ""
	}
	return ": " + text[:min(len(text), maxWords)]
}
