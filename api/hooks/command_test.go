//go:build unix

package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"millrace/transmux/avtest"
	"millrace/transmux/journal"
)

const patience = 15 * time.Second

// shop is a room with one command, in real time.
type shop struct {
	t       *testing.T
	dir     string
	journal *journal.Journal
	room    *Room
	log     *avtest.Log
	stop    func()
}

// open runs a script in a shell for each event, with a folder of its own as $1.
func open(t *testing.T, script string, change func(h *Hook)) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), journal: journal.New("node-1", 0), log: &avtest.Log{}}
	h := Hook{Name: "script", Command: []string{"/bin/sh", "-c", script, "script", s.dir}}
	if change != nil {
		change(&h)
	}
	if err := h.Validate(); err != nil {
		t.Fatal(err)
	}
	s.room = New([]Hook{h}, s.journal, nil, slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = s.room.Serve(ctx) })
	s.stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	t.Cleanup(s.stop)
	return s
}

// until waits for the hook's counts to be as they should.
func (s *shop) until(what string, holds func(c Counts) bool) Status {
	s.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if now := s.room.Status()[0]; holds(now.Counts) {
			return now
		}
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("it does not come to %s: %+v\n%s", what, s.room.Status()[0], s.log.String())
		}
	}
}

func (s *shop) read(file string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func delivered(n uint64) func(Counts) bool { return func(c Counts) bool { return c.Delivered == n } }

// TestACommand: it gets the event as JSON and as variables, none of which can be more
// than one line, and nothing of the gateway's own settings.
func TestACommand(t *testing.T) {
	t.Setenv("MILLRACE_AUTH_KEYS", "{obs: s3cret}")
	s := open(t, `cat > "$1/stdin"; env > "$1/env"; echo said; echo more >&2`, nil)
	e := journal.Event{
		Kind: journal.PublisherStopped, Stream: "live/a", Protocol: "rtmp", Remote: "192.0.2.1:5",
		Agent: "evil\nMILLRACE_EVENT_KIND=x\x1b[31m\xff$(reboot)", Cause: strings.Repeat("ü", maxVariable),
	}
	s.journal.Tell(e)
	status := s.until("a delivery", delivered(1))
	if status.Kind != Exec || status.Target != "sh" {
		t.Errorf("%+v", status)
	}
	var m Message
	if err := json.Unmarshal([]byte(s.read("stdin")), &m); err != nil || m.Stream != "live/a" || m.Cause != e.Cause || m.ID == "" {
		t.Errorf("%v of %s", err, s.read("stdin"))
	}
	env := strings.Split(s.read("env"), "\n")
	values := map[string]string{}
	for _, line := range env {
		if name, value, ok := strings.Cut(line, "="); ok && strings.HasPrefix(name, "MILLRACE_") {
			if _, twice := values[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			values[name] = value
		}
	}
	for name, want := range map[string]string{
		"MILLRACE_EVENT_KIND": "publisher.stopped", "MILLRACE_EVENT_STREAM": "live/a", "MILLRACE_EVENT_PROTOCOL": "rtmp",
		"MILLRACE_EVENT_REMOTE": "192.0.2.1:5", "MILLRACE_EVENT_ID": m.ID, "MILLRACE_EVENT_NODE": "node-1", "MILLRACE_EVENT_SEQ": "1",
		"MILLRACE_EVENT_AGENT": "evil MILLRACE_EVENT_KIND=x [31m $(reboot)",
		"MILLRACE_EVENT_CAUSE": strings.Repeat("ü", maxVariable/2),
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if _, there := values["MILLRACE_AUTH_KEYS"]; there {
		t.Error("the command was given the gateway's keys")
	}
	if os.Getenv("PATH") != "" && !strings.Contains(s.read("env"), "PATH="+os.Getenv("PATH")) {
		t.Error("the command has no PATH")
	}
	s.stop()
	if !strings.Contains(s.log.String(), `output="said\nmore"`) {
		t.Errorf("what it said is not in the log:\n%s", s.log.String())
	}
}

// TestACommandThatFails: it is run once and counted, with its last words; one that
// wants to be run again is.
func TestACommandThatFails(t *testing.T) {
	s := open(t, `echo first; echo no such luck >&2; exit 3`, nil)
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	status := s.until("a refusal", func(c Counts) bool { return c.Refused == 1 })
	if status.Counts.Failed != 1 || !strings.Contains(status.LastError, "exit status 3: no such luck") {
		t.Errorf("%+v", status)
	}
	s.stop()

	s = open(t, `[ -e "$1/again" ] || { touch "$1/again"; exit 75; }`, nil)
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	if status := s.until("a delivery", delivered(1)); status.Counts.Failed != 1 || status.Counts.Refused != 0 {
		t.Errorf("%+v", status)
	}
	s.stop()

	s = open(t, "", func(h *Hook) { h.Command = []string{"/nowhere/s3cret-program", "s3cret"} })
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	if status := s.until("a refusal", func(c Counts) bool { return c.Refused == 1 }); !strings.Contains(status.LastError, "cannot be started: no such file") {
		t.Errorf("%+v", status)
	}
	if strings.Contains(s.log.String(), "s3cret") {
		t.Errorf("the log has the command line:\n%s", s.log.String())
	}
}

// TestACommandThatHangs: it is ended with all that it has started, even if that does
// not want to; the next event finds its way.
func TestACommandThatHangs(t *testing.T) {
	s := open(t, `
		[ "$MILLRACE_EVENT_KIND" = source.up ] || exit 0
		trap "" TERM
		sh -c 'trap "" TERM; echo $$ > "$0/child"; while :; do sleep 1; done' "$1" &
		echo $$ > "$1/parent"
		while :; do sleep 1; done`, func(h *Hook) { h.Timeout = 500 * time.Millisecond })
	begun := time.Now()
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	s.journal.Tell(journal.Event{Kind: journal.SourceDown})
	status := s.until("both", func(c Counts) bool { return c.Refused == 1 && c.Delivered == 1 })
	if !strings.Contains(status.LastError, "did not end within 500ms") || time.Since(begun) < 500*time.Millisecond {
		t.Errorf("%+v after %s", status, time.Since(begun))
	}
	for _, who := range []string{"parent", "child"} {
		text, err := os.ReadFile(filepath.Join(s.dir, who))
		if err != nil {
			continue // a machine so busy that it did not come to that
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		waitGone(t, pid)
	}
}

// waitGone waits for a process to be dead; whoever is its parent by now may not have
// asked for it yet.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	late := time.After(patience)
	for {
		if err := syscall.Kill(pid, 0); err != nil {
			return
		}
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatalf("process %d is alive", pid)
		}
	}
}

// TestWhatACommandLeavesBehind: something that goes on in the background and has the
// output open is not waited for, nor ended.
func TestWhatACommandLeavesBehind(t *testing.T) {
	s := open(t, `sleep 300 & echo $! > "$1/pid"`, nil)
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	s.until("a delivery", delivered(1))
	pid, err := strconv.Atoi(strings.TrimSpace(s.read("pid")))
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("it is gone: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	waitGone(t, pid)
}

// TestAChattyCommand: of what it says the end is kept.
func TestAChattyCommand(t *testing.T) {
	s := open(t, `yes | head -c 3000000; echo the end`, nil)
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	s.until("a delivery", delivered(1))
	s.stop()
	if text := s.log.String(); len(text) > 4*maxOutput || !strings.Contains(text, "the end") {
		t.Errorf("%d bytes of log", len(text))
	}
}

// TestACommandAndTheStop: one that runs when the gateway stops is ended in time.
func TestACommandAndTheStop(t *testing.T) {
	s := open(t, `echo $$ > "$1/pid"; exec sleep 300`, nil)
	s.journal.Tell(journal.Event{Kind: journal.SourceUp})
	late := time.After(patience)
	for {
		if _, err := os.Stat(filepath.Join(s.dir, "pid")); err == nil {
			break
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatal("the command was not run")
		}
	}
	s.stop()
	if !strings.Contains(s.log.String(), "events are lost with the stop") {
		t.Errorf("the log does not say so:\n%s", s.log.String())
	}
}
