// Package bus is where every stream passes: a Hub of Streams, each one ring of
// frames that is fan-out buffer, GOP cache and drop policy at once.
//
// Publishers (ingest rooms) and mirrors (cluster edges, which copy another node's
// stream with its numbers and its timeline) write access units; subscribers
// (playout rooms, derivations, cluster feeds) are cursors into the ring. A write
// never blocks and never fails; reading takes no lock, so that a viewer can
// neither slow a publisher nor another viewer. The bus starts no goroutine and
// must not know a protocol.
package bus

import (
	"context"
	"errors"
	"time"
)

// The sentinels at the bus's door.
var (
	ErrBadName   = errors.New("stream name is not valid")
	ErrNameTaken = errors.New("stream is already being published")
	ErrNotLive   = errors.New("nobody publishes this stream")
	ErrEnded     = errors.New("stream has ended")
	ErrTakenOver = errors.New("another publisher took the stream over")
	ErrShutdown  = errors.New("gateway is shutting down")
	ErrClosed    = errors.New("subscriber is closed")
)

// Source is where streams come from; it is the whole seam of a cluster. A Hub
// is the Source of a single node.
type Source interface {
	// Subscribe joins the stream of that name as a viewer. It gives ErrNotLive
	// when nobody publishes it, as an *Unavailable where it knows why.
	Subscribe(ctx context.Context, name string) (*Subscriber, error)
}

// Config bounds a Hub's streams. Zero fields take the default.
type Config struct {
	// MaxBytes and MaxFrames bound one stream's ring. A GOP that outgrows them
	// cannot be joined in the middle: viewers wait for the next keyframe.
	MaxBytes  int
	MaxFrames int
	// History is how long frames older than the newest keyframe are kept, for
	// viewers a little behind and for retransmissions.
	History time.Duration
	// MaxLag is how far behind the live edge a cursor may be while a newer
	// keyframe is there to jump to.
	MaxLag time.Duration
	// Linger is how long a stream waits for its publisher to come back.
	Linger time.Duration
	// Silence is how long a publisher must have been silent for another one to
	// take its name over.
	Silence time.Duration
}

const (
	// 32 MiB is a GOP of 20 s at 12 Mb/s; beyond it memory, not the picture,
	// becomes the problem of a box with many streams.
	defaultMaxBytes = 32 << 20
	// 8192 frames are 50 s of 60 pictures and two audio tracks a second.
	defaultMaxFrames = 8192
	defaultHistory   = 2 * time.Second
	defaultMaxLag    = time.Second
	// An encoder that reconnects takes 2 to 10 s (OBS waits 2 s, then doubles).
	defaultLinger  = 15 * time.Second
	defaultSilence = 5 * time.Second
)

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.MaxFrames <= 0 {
		c.MaxFrames = defaultMaxFrames
	}
	if c.History <= 0 {
		c.History = defaultHistory
	}
	if c.MaxLag <= 0 {
		c.MaxLag = defaultMaxLag
	}
	if c.Linger <= 0 {
		c.Linger = defaultLinger
	}
	if c.Silence <= 0 {
		c.Silence = defaultSilence
	}
	return c
}
