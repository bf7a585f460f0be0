package bus

import (
	"context"
	"sync/atomic"

	"millrace/transmux/av"
)

// Subscriber reads a stream: one cursor for a video track and one for an audio
// track. It is used by one goroutine at a time, but for Close.
type Subscriber struct {
	stream *Stream
	viewer bool
	closed atomic.Bool
	left   func() // see OnClose
	video  Cursor
	audio  Cursor
}

func newSubscriber(s *Stream, viewer bool) *Subscriber {
	sub := &Subscriber{stream: s, viewer: viewer}
	sub.video.stream, sub.audio.stream = s, s
	return sub
}

// Tap subscribes without counting as a viewer, for what is made of the stream.
func (s *Stream) Tap() *Subscriber { return newSubscriber(s, false) }

// Stream is what the subscriber reads.
func (s *Subscriber) Stream() *Stream { return s.stream }

// Follow says which tracks to read, zero for none. A track that is followed
// already goes on where it is; a new video track starts at its newest keyframe
// in the ring (without one, a keyframe is asked for), a new audio track at the
// live edge.
func (s *Subscriber) Follow(video, audio av.TrackID) {
	s.video.follow(video)
	s.audio.follow(audio)
}

// Video is the cursor of the video track.
func (s *Subscriber) Video() *Cursor { return &s.video }

// Audio is the cursor of the audio track.
func (s *Subscriber) Audio() *Cursor { return &s.audio }

// Next waits for the next frame of either track, in the order they were
// written. It ends with the context's error, the stream's, or ErrClosed.
func (s *Subscriber) Next(ctx context.Context) (*av.Frame, error) {
	for {
		changed := s.stream.Changed()
		if s.closed.Load() {
			return nil, ErrClosed
		}
		err := s.stream.Err() // before the look: nothing comes after it
		if f := s.Poll(); f != nil {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Poll is Next without the wait: nil at the live edge.
func (s *Subscriber) Poll() *av.Frame {
	for {
		// Both cursors look up to the same head: else a frame of each, written
		// between the two looks, would come in the wrong order.
		head := s.stream.head.Load()
		next, f := &s.video, s.video.peek(head)
		if a := s.audio.peek(head); f == nil || a != nil && a.Seq < f.Seq {
			next, f = &s.audio, a
		}
		if f == nil {
			return nil
		}
		if f.Seq < head { // else a cursor jumped beyond it; the other must follow
			next.Advance()
			return f
		}
	}
}

// OnClose has f called once the subscriber is closed, before Close returns. It is
// for a Source, which calls it before it hands the subscriber on; Sources that
// stand on each other may each have theirs.
func (s *Subscriber) OnClose(f func()) {
	before := s.left
	s.left = func() {
		if before != nil {
			before()
		}
		f()
	}
}

// Close leaves the stream; a Next that waits gives ErrClosed.
func (s *Subscriber) Close() {
	if !s.closed.CompareAndSwap(false, true) {
		return
	}
	if s.viewer {
		s.stream.subscribers.Add(-1)
	}
	s.stream.wake()
	if s.left != nil {
		s.left()
	}
}
