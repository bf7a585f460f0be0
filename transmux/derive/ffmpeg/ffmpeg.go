// Package ffmpeg makes tracks with ffmpeg as a child process: H.264 without
// B-frames out of any video, and Opus in stereo out of any sound.
//
// transmux/derive starts a Session for each derived track, writes the source's
// frames into it and is handed what comes out, with the timestamps that went in. This
// room knows how ffmpeg is spoken to and kept in check; who needs what, and when, it
// must not know.
package ffmpeg

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Off as Config.Path is for who wants no child processes.
const Off = "off"

// The reasons for which a Session is not opened.
var (
	ErrLimit  = errors.New("ffmpeg: as many processes run as may")
	ErrClosed = errors.New("ffmpeg: closed")
)

// Config says which ffmpeg, how many of it, and how it is to encode. Zero fields
// take the default.
type Config struct {
	// Path is the program, or Off; empty looks for ffmpeg on the PATH.
	Path string
	// MaxProcesses is how many may run at once; DefaultMaxProcesses.
	MaxProcesses int
	// Encoder is ffmpeg's name of the H.264 encoder; libx264.
	Encoder string
	// Preset is what the encoder calls the trade of CPU for quality; empty takes
	// a fast one that it has.
	Preset string
	// Bitrate is in bits a second; zero stays near the source's.
	Bitrate int
	// KeyframeInterval is the distance of keyframes; 2 s. Below zero they are where
	// the source has them.
	KeyframeInterval time.Duration
}

// DefaultMaxProcesses is one for each core, and two at least: an encoder of 720p at
// 30 pictures a second takes a third of a core, one of 1080p at 60 a whole one.
func DefaultMaxProcesses() int { return max(2, runtime.GOMAXPROCS(0)) }

// DefaultEncoder is the H.264 encoder where none is set.
const DefaultEncoder = "libx264"

const defaultKeyframeInterval = 2 * time.Second

// Program is the ffmpeg of this machine. Its methods are safe for concurrent use.
type Program struct {
	cfg   Config
	log   *slog.Logger
	found func() abilities // waits for the first look at the program
	stop  context.CancelFunc
	work  sync.WaitGroup

	refused atomic.Uint64

	mu       sync.Mutex
	closed   bool
	running  int
	sessions map[*Session]struct{} // those of running that have a process already
	freed    chan struct{}         // closed when a process ends
	spent    time.Duration         // CPU of those that have ended
	started  map[Target]uint64
}

// New looks for the program, without waiting for what it finds. Close ends all
// that was started.
func New(cfg Config, log *slog.Logger) *Program {
	if cfg.MaxProcesses <= 0 {
		cfg.MaxProcesses = DefaultMaxProcesses()
	}
	if cfg.Encoder == "" {
		cfg.Encoder = DefaultEncoder
	}
	if cfg.KeyframeInterval == 0 {
		cfg.KeyframeInterval = defaultKeyframeInterval
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Program{
		cfg: cfg, log: log, stop: stop,
		sessions: make(map[*Session]struct{}), freed: make(chan struct{}), started: make(map[Target]uint64),
	}
	p.found = sync.OnceValue(func() abilities { return look(ctx, cfg) })
	p.work.Go(func() {
		a := p.found()
		switch {
		case cfg.Path == Off || ctx.Err() != nil:
		case a.missing != "":
			log.Info("no ffmpeg: tracks that need it are not derived", "why", a.missing)
		default:
			log.Info("ffmpeg found", "path", a.path, "version", a.version)
		}
	})
	return p
}

// Lacks is what is in the way of making that target, in words that can follow
// "because"; empty if nothing is.
func (p *Program) Lacks(t Target) string {
	a := p.found()
	if a.missing != "" {
		return a.missing
	}
	return a.lacks[t]
}

// Freed is closed when a process ends: who was told ErrLimit may try again.
func (p *Program) Freed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.freed
}

// admit counts a process in, or says why not.
func (p *Program) admit(t Target) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	if p.running >= p.cfg.MaxProcesses {
		p.refused.Add(1)
		return ErrLimit
	}
	p.running++
	p.started[t]++
	return nil
}

// enroll has Close end the session; it is false if that has passed.
func (p *Program) enroll(s *Session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.sessions[s] = struct{}{}
	}
	return !p.closed
}

// dismiss counts the session's process out, and what it cost in.
func (p *Program) dismiss(s *Session, cost time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, s)
	p.running--
	p.spent += cost
	close(p.freed)
	p.freed = make(chan struct{})
}

// Close ends all sessions and waits for their processes.
func (p *Program) Close() {
	p.mu.Lock()
	p.closed = true
	var all []*Session
	for s := range p.sessions {
		all = append(all, s)
	}
	p.mu.Unlock()
	p.stop()
	for _, s := range all {
		s.Close()
	}
	p.work.Wait()
}

// find is where the program is.
func find(path string) (string, error) {
	if path == "" {
		path = "ffmpeg"
	}
	return exec.LookPath(path)
}
