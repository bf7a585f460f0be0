package rtsp

import (
	"context"
	"errors"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// awaitTracks is how long a stream may take to have anything to describe: a
	// publisher that has just begun says its tracks with their first frames.
	awaitTracks = 10 * time.Second
	// awaitSecond is until when, from a stream's beginning, one kind of track alone is
	// not believed to be all: the first keyframe of a camera may be seconds away. The
	// description cannot be changed later.
	awaitSecond = 4 * time.Second
)

// errNothing is about a stream of which nothing can be carried.
var errNothing = errors.New("none of the stream's tracks can be carried")

// await describes what a stream has, as soon as that is known.
func await(ctx context.Context, stream *bus.Stream) ([]*lane, error) {
	begun := time.Now()
	late := time.NewTimer(awaitTracks)
	defer late.Stop()
	for {
		changed := stream.Changed()
		err := stream.Err()
		catalog := stream.Catalog()
		lanes := plan(catalog.Tracks)
		switch {
		case len(lanes) == 2, len(lanes) == 1 && settled(stream, begun):
			return lanes, nil
		case err != nil:
			return nil, err
		}
		wait := time.NewTimer(awaitSecond / 8) // frames of one track need not come
		select {
		case <-changed:
		case <-wait.C:
		case <-late.C:
			wait.Stop()
			return nil, errNothing
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
		wait.Stop()
	}
}

// settled is true once a stream has had the time to say all that it has. Its
// timeline began near zero, and a name that is older has lived through more.
func settled(stream *bus.Stream, begun time.Time) bool {
	now := time.Now()
	return now.Sub(begun) >= awaitSecond || stream.Live(now) >= awaitSecond
}

// plan takes the first track of each kind that can be carried.
func plan(tracks []*av.Track) (lanes []*lane) {
	for _, kind := range []av.Kind{av.Video, av.Audio} {
		for _, t := range tracks {
			if t.Kind != kind {
				continue
			}
			if f, ok := describe(t); ok {
				lanes = append(lanes, newLane(t, f))
				break
			}
		}
	}
	return lanes
}
