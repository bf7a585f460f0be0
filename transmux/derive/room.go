// Package derive makes the tracks that a viewer needs and the publisher did not
// send: AAC turned into Opus, and what else the table in table.go lists.
//
// A derived track is made once per stream, from the first viewer that needs it to
// the last, and goes into the same ring as the publisher's own. Playout rooms say
// what their viewers can take (Want); the API asks what becomes of a track
// (Playable). This room knows the bus and codecs; it must not know how a stream
// came in or who watches.
package derive

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// defaultLinger is how long a derivation goes on without listeners: a page that is
// loaded anew finds it running.
const defaultLinger = 2 * time.Second

// Config bounds the room's work.
type Config struct {
	// Linger is how long a derivation goes on after its last listener left.
	// Zero takes 2 s; below zero it stops at once.
	Linger time.Duration
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
	counters counters
	verdicts verdicts
	work     sync.WaitGroup

	mu     sync.Mutex
	jobs   map[key]*job
	closed bool
}

// key names a derivation: one for each stream and recipe.
type key struct {
	stream *bus.Stream
	recipe *recipe
}

// New makes a room. Close ends it.
func New(cfg Config, log *slog.Logger) *Room {
	if cfg.Linger == 0 {
		cfg.Linger = defaultLinger
	}
	return &Room{cfg: cfg, log: log, jobs: make(map[key]*job)}
}

// Want says that somebody who can take these codecs, and no others of their kind,
// listens to the stream. What must be made for them is made from now on, for as
// long as the stream has a track to make it of and nothing of its own that they can
// take; neither need be there yet. release, which may be called more than once,
// ends the wish. Neither of the two blocks.
func (r *Room) Want(s *bus.Stream, offered []av.Codec) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var wanted []*job
	for i := range recipes {
		rec := &recipes[i]
		if r.closed || s.Err() != nil || !slices.Contains(offered, rec.to) || slices.Contains(offered, rec.from) {
			continue
		}
		j := r.jobs[key{s, rec}]
		if j == nil {
			j = r.startLocked(key{s, rec})
		}
		j.wishes++
		wanted = append(wanted, j)
	}
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, j := range wanted {
			r.releaseLocked(j)
		}
	})
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

// releaseLocked ends one wish for the job, and the job after the linger if none
// was made until then.
func (r *Room) releaseLocked(j *job) {
	j.wishes--
	if j.wishes > 0 || r.jobs[j.key] != j {
		return
	}
	if r.cfg.Linger < 0 {
		r.forgetLocked(j)
		j.stop(errUnwanted)
		return
	}
	if j.linger != nil {
		j.linger.Reset(r.cfg.Linger)
		return
	}
	j.linger = time.AfterFunc(r.cfg.Linger, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if j.wishes == 0 && r.jobs[j.key] == j {
			r.forgetLocked(j)
			j.stop(errUnwanted)
		}
	})
}

// forgetLocked makes the next wish start anew.
func (r *Room) forgetLocked(j *job) {
	if r.jobs[j.key] != j {
		return
	}
	delete(r.jobs, j.key)
	if j.linger != nil {
		j.linger.Stop()
	}
}

// Playable says how a browser can be given the track, and why not or by what
// means, in words for the person who streams.
func (r *Room) Playable(t *av.Track) (how Way, why string) {
	if words, found := r.verdicts.of(t); found {
		return No, words
	}
	return judge(t)
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
	r.work.Wait()
}
