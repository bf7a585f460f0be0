package ffmpeg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/derive/ffmpeg/nut"
)

const (
	// writeTimeout is how long ffmpeg may leave its input unread: a pipe holds a
	// large keyframe at most.
	writeTimeout = 3 * time.Second
	// What goes in must come out: within startTimeout at first, when there may be
	// seconds of pictures to go through, and within stallTimeout later.
	startTimeout = 10 * time.Second
	stallTimeout = 4 * time.Second
	// maxHeld is how many frames may be in there: 16 in a decoder (ITU-T H.264 section
	// A.3.1), and some on their way.
	maxHeld = 30
	// maxBehind is how late frames may be written before B-frames are left out, so
	// that a machine that is too slow gives fewer pictures and not later ones.
	maxBehind = 500 * time.Millisecond
)

// The causes with which a Session ends by itself.
var (
	ErrStalled = errors.New("ffmpeg: it takes frames and makes none")
	ErrStuck   = errors.New("ffmpeg: it does not read its input")
	ErrEnded   = errors.New("ffmpeg: it ended")
)

// Output takes what a Session makes, from a goroutine of the Session's.
type Output interface {
	// Announce describes the track, before the first frame and when it changes.
	Announce(t av.Track)
	// Write takes a frame, but for its Track.
	Write(f *av.Frame)
}

// Session is one process at work. Write and Close are its user's; they may be
// called side by side.
type Session struct {
	program *Program
	job     Job
	output  Output
	process atomic.Pointer[process]

	clock      clock
	complaints complaints
	work       sync.WaitGroup
	closing    sync.Once
	done       chan struct{}
	err        error // before done is closed

	// Of the writer:
	scratch []byte
	begun   bool // the decoder has had a frame to begin with
	leaving bool // B-frames are left out
	left    atomic.Uint64
	silence time.Time // since when nothing has come out, as far as Write has seen
	seen    uint64    // of made, by Write
	waiting int       // frames written since
	made    atomic.Uint64
}

// Open starts a process. It gives ErrLimit where as many run as may.
func (p *Program) Open(job Job, output Output) (*Session, error) {
	a := p.found()
	if why := p.Lacks(job.Target); why != "" {
		return nil, fmt.Errorf("ffmpeg: %s", why)
	}
	s := &Session{program: p, job: job, output: output, done: make(chan struct{})}
	s.complaints.log = p.log.With("stream", job.Stream, "makes", string(job.Target))
	if err := p.admit(job.Target); err != nil {
		return nil, err
	}
	process, err := start(a.path, arguments(p.cfg, a, job))
	if err != nil {
		p.dismiss(s, 0)
		return nil, err
	}
	s.process.Store(process)
	enrolled := p.enroll(s) // before it can have ended
	s.work.Go(func() { s.complaints.read(process.err) })
	s.work.Go(func() { s.finish(s.read(process.stdout)) })
	err = ErrClosed
	if enrolled {
		err = s.send(process, nut.AppendHeader(nil, track(job)))
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Done is closed when the process has ended, whatever the reason.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err is why, once Done is closed.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Left is how many B-frames were left out because the machine is too slow.
func (s *Session) Left() uint64 { return s.left.Load() }

// Write hands over the source's next frame. It takes up to three seconds where
// ffmpeg does not read; any error is the Session's end.
func (s *Session) Write(f *av.Frame) error {
	if err := s.Err(); err != nil {
		return err
	}
	if s.skip(f) {
		return nil
	}
	if s.stalled(time.Now()) {
		return ErrStalled
	}
	s.clock.note(f.PTS, f.Arrived)
	s.scratch = appendFrame(s.scratch[:0], f)
	if err := s.send(s.process.Load(), s.scratch); err != nil {
		return err
	}
	if f.PTS >= s.job.From {
		s.waiting++
	}
	return nil
}

// stalled is true when nothing has come out for too long though enough went in: a
// source that pauses leaves a few frames in the decoder.
func (s *Session) stalled(now time.Time) bool {
	made := s.made.Load()
	if made != s.seen || s.waiting == 0 {
		s.seen, s.waiting, s.silence = made, 0, now
	}
	limit := stallTimeout
	if made == 0 {
		limit = startTimeout
	}
	return s.waiting > maxHeld && now.Sub(s.silence) > limit
}

// skip says which frames need not be written: those before the first keyframe, and
// B-frames while we are too slow. What was left out must not be referred to: it ends
// with a frame that is none.
func (s *Session) skip(f *av.Frame) bool {
	if f.Track.Kind == av.Audio {
		return false
	}
	if !s.begun && f.Type != av.Key {
		return true
	}
	s.begun = true
	late := time.Since(f.Arrived) > maxBehind
	if f.Type != av.Bidirectional {
		s.leaving = late
		return false
	}
	s.leaving = s.leaving || late
	if s.leaving && f.PTS >= s.job.From {
		s.left.Add(1)
	}
	return s.leaving
}

func (s *Session) send(p *process, b []byte) error {
	_ = p.stdin.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := p.stdin.Write(b)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrStuck
	default: // it has ended, or is ended
		p.kill()
		<-s.done
		return s.err
	}
}

// finish ends the process after its output did, with that cause or a better one.
func (s *Session) finish(cause error) {
	p := s.process.Load()
	p.kill()
	<-p.exited
	if errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) || errors.Is(cause, os.ErrClosed) {
		cause = ErrEnded
		if p.cause != nil {
			cause = fmt.Errorf("%w: %w", ErrEnded, p.cause)
		}
	}
	if words := s.complaints.words(); words != "" {
		cause = fmt.Errorf("%w (%s)", cause, words)
	}
	s.err = cause
	s.program.dismiss(s, p.cost())
	close(s.done)
}

// Close ends the process and waits for it. Nothing is given to the output
// afterwards.
func (s *Session) Close() {
	s.closing.Do(func() {
		p := s.process.Load()
		p.kill()
		<-s.done
		for _, f := range p.pipes() {
			_ = f.Close()
		}
	})
	s.work.Wait()
}
