package avtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// patience is how long a Recorder's waits last before they fail the test.
const patience = 10 * time.Second

// Recorder keeps every frame that a subscriber gets.
type Recorder struct {
	tb   testing.TB
	sub  *bus.Subscriber
	pick func(*bus.Catalog) (video, audio av.TrackID)
	stop func()
	done chan struct{} // closed when the recording is over

	mu     sync.Mutex
	frames []*av.Frame
	err    error
	grown  chan struct{} // closed at the next frame, and at the end
}

// Record reads sub as a viewer does, in a goroutine of its own, until the stream
// ends or the test does: from generation to generation it follows the tracks
// that pick names (PublisherTracks if nil). Of tracks that are announced already
// it misses nothing that is written after Record returns. It closes sub.
func Record(tb testing.TB, sub *bus.Subscriber, pick func(*bus.Catalog) (video, audio av.TrackID)) *Recorder {
	tb.Helper()
	if pick == nil {
		pick = PublisherTracks
	}
	stop := make(chan struct{})
	r := &Recorder{
		tb: tb, sub: sub, pick: pick,
		stop: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{}),
		grown: make(chan struct{}),
	}
	sub.Follow(pick(sub.Stream().Catalog()))
	go r.run(stop)
	tb.Cleanup(r.Close)
	return r
}

// PublisherTracks are the publisher's first video and its first audio track.
func PublisherTracks(c *bus.Catalog) (video, audio av.TrackID) {
	return firstTrack(c, av.Video, false), firstTrack(c, av.Audio, false)
}

// DerivedTracks are the first derived video and the first derived audio track.
func DerivedTracks(c *bus.Catalog) (video, audio av.TrackID) {
	return firstTrack(c, av.Video, true), firstTrack(c, av.Audio, true)
}

func firstTrack(c *bus.Catalog, kind av.Kind, derived bool) av.TrackID {
	for _, t := range c.Tracks {
		if t.Kind == kind && (t.DerivedFrom != 0) == derived {
			return t.ID
		}
	}
	return 0
}

func (r *Recorder) run(stop <-chan struct{}) {
	defer close(r.done)
	defer r.sub.Close()
	stream := r.sub.Stream()
	for {
		changed, err := stream.Changed(), stream.Err()
		r.sub.Follow(r.pick(stream.Catalog()))
		for f := r.sub.Poll(); f != nil; f = r.sub.Poll() {
			r.add(f, nil)
		}
		if err != nil {
			r.add(nil, err)
			return
		}
		select {
		case <-changed:
		case <-stop:
			r.add(nil, bus.ErrClosed)
			return
		}
	}
}

func (r *Recorder) add(f *av.Frame, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f != nil {
		r.frames = append(r.frames, f)
	}
	r.err = err
	close(r.grown)
	r.grown = make(chan struct{})
}

// Close ends the recording, waits for it and closes the subscriber.
func (r *Recorder) Close() {
	r.stop()
	<-r.done
}

// Frames are the frames so far.
func (r *Recorder) Frames() []*av.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.frames[:len(r.frames):len(r.frames)]
}

// Err is why the recording ended, nil while it runs.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Until waits until ok is true of the frames so far and returns them. It fails
// the test when the recording ends before, or after ten seconds.
func (r *Recorder) Until(what string, ok func([]*av.Frame) bool) []*av.Frame {
	r.tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		frames, err, grown := r.frames[:len(r.frames):len(r.frames)], r.err, r.grown
		r.mu.Unlock()
		if ok(frames) {
			return frames
		}
		if err != nil {
			r.tb.Fatalf("recording ended before %s, with %d frames: %v", what, len(frames), err)
		}
		select {
		case <-grown:
		case <-deadline.C:
			r.tb.Fatalf("no %s within %v, but %d frames", what, patience, len(frames))
		}
	}
}

// Wait waits for n frames in all and returns them.
func (r *Recorder) Wait(n int) []*av.Frame {
	r.tb.Helper()
	return r.Until(fmt.Sprintf("%d frames", n), func(fs []*av.Frame) bool { return len(fs) >= n })
}
