// Package derive makes the tracks that a viewer needs and the publisher did not
// send: AAC turned into Opus in the process, and through ffmpeg (its folder) any
// picture turned into H.264 without B-frames and any other sound into Opus.
//
// A derived track is made once per stream, from the first viewer that needs it to
// the last, and goes into the same ring as the publisher's own. Playout rooms say
// what their viewers can take (Want); the API asks what becomes of a track
// (Judge). One table (table.go) says who takes what and what can be made. This room
// knows the bus and codecs; it must not know how a stream came in or who watches.
package derive

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/derive/ffmpeg"
)

// defaultLinger is how long a derivation goes on without listeners: a page that is
// loaded anew finds it running.
const defaultLinger = 2 * time.Second

// Config bounds the room's work.
type Config struct {
	// Linger is how long a derivation goes on after its last listener left.
	// Zero takes 2 s; below zero it stops at once.
	Linger time.Duration
	// FFmpeg says which program makes what cannot be made in the process.
	FFmpeg ffmpeg.Config
	// Video says whether the pictures of that stream may be encoded anew; nil
	// allows it for all.
	Video func(stream string) bool
	// Observer is told what becomes of derived tracks; nil for nobody.
	Observer Observer
}

// The causes with which a derivation ends, for its closing log line.
var (
	errUnwanted = errors.New("nobody listens any more")
	errClosed   = errors.New("gateway is shutting down")
)

// Room runs the derivations of all streams.
type Room struct {
	cfg      Config
	log      *slog.Logger
	program  *ffmpeg.Program
	recipes  []recipe // what comes first is tried first
	counters counters
	verdicts verdicts
	work     sync.WaitGroup

	mu     sync.Mutex
	jobs   map[key]*job
	closed bool
}

// key names a derivation: one for each stream and target.
type key struct {
	stream *bus.Stream
	target av.Codec
}

// New makes a room. Close ends it.
func New(cfg Config, log *slog.Logger) *Room {
	if cfg.Linger == 0 {
		cfg.Linger = defaultLinger
	}
	program := ffmpeg.New(cfg.FFmpeg, log)
	k := kitchen{program, cfg.Video}
	return &Room{
		cfg: cfg, log: log, program: program, jobs: make(map[key]*job),
		recipes: []recipe{inProcess(), k.sound(), k.picture()},
	}
}

// Want says that somebody with that offer watches the stream. What must be made for
// them is made from now on, for as long as the stream has a track to make it of and
// nothing of that kind that they can take whole; neither need be there yet. release,
// which may be called more than once, ends the wish. Neither of the two blocks.
func (r *Room) Want(s *bus.Stream, o Offer) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var wanted []*job
	for _, target := range targets {
		if r.closed || s.Err() != nil || !o.Takes(target) {
			continue
		}
		j := r.jobs[key{s, target}]
		if j == nil {
			j = r.startLocked(key{s, target})
		}
		j.wishes.add(o)
		j.nudge()
		wanted = append(wanted, j)
	}
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, j := range wanted {
			r.releaseLocked(j, o)
		}
	})
}

// InOrder is the Room for viewers that are known by the codecs that they take and
// show no B-frames: those of WebRTC.
type InOrder struct{ *Room }

// Want is Room.Want for somebody who takes these codecs.
func (r InOrder) Want(s *bus.Stream, offered []av.Codec) (release func()) {
	return r.Room.Want(s, Taking(offered...))
}

// Can says whether somebody who takes these codecs will be given something in the
// place of a track that they cannot take.
func (r InOrder) Can(s *bus.Stream, t *av.Track, offered []av.Codec) bool {
	target := targetOf(t.Kind)
	if !Taking(offered...).Takes(target) {
		return false
	}
	_, err := r.makes(target, s.Name(), t, nil)
	return err == nil
}

func (r *Room) startLocked(k key) *job {
	ctx, stop := context.WithCancelCause(context.Background())
	j := newJob(r, k, stop)
	r.jobs[k] = j
	r.work.Go(func() {
		j.run(ctx)
		stop(nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.forgetLocked(j)
	})
	return j
}

// releaseLocked ends one wish for the job, and after the linger, if there is no other
// one like it until then, what is made for it; the job with the last.
func (r *Room) releaseLocked(j *job, o Offer) {
	if !j.wishes.drop(o) || r.jobs[j.key] != j {
		return
	}
	if r.cfg.Linger < 0 {
		r.expireLocked(j, o)
		return
	}
	j.wishes.linger(o, r.cfg.Linger, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.jobs[j.key] == j {
			r.expireLocked(j, o)
		}
	})
}

func (r *Room) expireLocked(j *job, o Offer) {
	if !j.wishes.expire(o) {
		return
	}
	if len(j.wishes) == 0 {
		r.forgetLocked(j)
		j.stop(errUnwanted)
		return
	}
	j.nudge()
}

// forgetLocked makes the next wish start anew.
func (r *Room) forgetLocked(j *job) {
	if r.jobs[j.key] == j {
		delete(r.jobs, j.key)
		j.wishes.silence()
	}
}

// Close ends all derivations and waits for them.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	for _, j := range r.jobs {
		r.forgetLocked(j)
		j.stop(errClosed)
	}
	r.mu.Unlock()
	r.program.Close() // or a job might wait for a process that takes nothing
	r.work.Wait()
}
