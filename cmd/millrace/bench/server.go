package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// starting is how long the server may take to listen.
	starting = 15 * time.Second
	// stopping is how long it may take to stop: 5 s are promised.
	stopping = 8 * time.Second
	// tailLines of the server's log are shown when it fails.
	tailLines = 20

	stream = "live/bench"
)

// target is the server that is measured.
type target struct {
	whep, rtmp string // rtmp empty: somebody else publishes
	pid        int    // 0: unknown
}

// server is one of our own, as a child process.
type server struct {
	cmd  *exec.Cmd
	work sync.WaitGroup

	mu    sync.Mutex
	tail  []string          // guarded by mu
	heard map[string]string // guarded by mu; where it listens, by what
	ready chan struct{}     // closed once it has said all
	ended chan struct{}     // closed at the end of its log
}

// startServer runs millrace on free ports of the loopback.
func (b *Bench) startServer(ctx context.Context) (*server, error) {
	s := &server{
		cmd:   exec.Command(b.Executable, "serve"),
		heard: map[string]string{}, ready: make(chan struct{}), ended: make(chan struct{}),
	}
	s.cmd.Env = append(foreign(b.Environ),
		"MILLRACE_HTTP_ADDRESS=127.0.0.1:0", "MILLRACE_RTMP_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=",
		"MILLRACE_WEBRTC_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=", "MILLRACE_LIMITS_PUBLISHERS=10000", "MILLRACE_LOG_FORMAT=json", "MILLRACE_LOG_LEVEL=info")
	tie(s.cmd)
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.work.Go(func() { s.follow(log) })
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	select {
	case <-s.ready:
		return s, nil
	case <-s.ended:
		err = errors.New("server: it ended at once")
	case <-ctx.Done():
		err = errors.New("server: it does not listen")
	}
	return nil, fmt.Errorf("%w\n%s", errors.Join(err, s.stop()), s.lines())
}

// follow reads the log.
func (s *server) follow(log io.Reader) {
	defer close(s.ended)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20) // the longest line there may be
	for lines.Scan() {
		s.take(lines.Text())
	}
}

func (s *server) take(line string) {
	var l struct{ Msg, What, Address string }
	listens := json.Unmarshal([]byte(line), &l) == nil && l.Msg == "listening"
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tail = append(s.tail, line); len(s.tail) > tailLines {
		s.tail = s.tail[1:]
	}
	if !listens || s.heard[l.What] != "" {
		return
	}
	s.heard[l.What] = l.Address
	if s.heard["http"] != "" && s.heard["rtmp"] != "" && s.heard["webrtc"] != "" {
		select {
		case <-s.ready:
		default:
			close(s.ready)
		}
	}
}

func (s *server) lines() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.tail, "\n")
}

// target is the server as the others see it.
func (s *server) target() target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return target{
		whep: "http://" + s.heard["http"] + "/whep/" + stream,
		rtmp: "rtmp://" + s.heard["rtmp"] + "/" + stream,
		pid:  s.cmd.Process.Pid,
	}
}

// stop ends the server as a supervisor would.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	late := time.AfterFunc(stopping, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	s.work.Wait() // the log is read to its end before Wait closes it
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("server: %w\n%s", err, s.lines())
	}
	return nil
}
