package api

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/problem"
)

// ListStreams is by name, a page at a time. Only what is on the page is described:
// that asks the judge for every track.
func (o operations) ListStreams(ctx context.Context, r ListStreamsRequestObject) (ListStreamsResponseObject, error) {
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	prefix, live := given(r.Params.Prefix), r.Params.Live
	snaps := slices.DeleteFunc(viewOf(ctx).of(o.streams.Streams()), func(s bus.Snapshot) bool {
		return !strings.HasPrefix(s.Name, prefix) || live != nil && s.Live != *live
	})
	list := StreamList{Streams: []Stream{}, Total: len(snaps)}
	begin := 0
	if after := given(r.Params.After); after != "" {
		begin, _ = slices.BinarySearchFunc(snaps, after, func(s bus.Snapshot, name string) int {
			if s.Name <= name {
				return -1
			}
			return 1
		})
	}
	end := min(begin+limit, len(snaps))
	now := time.Now()
	for i := begin; i < end; i++ {
		list.Streams = append(list.Streams, describe(&snaps[i], o.judge, now))
	}
	if end < len(snaps) {
		list.Next = new(snaps[end-1].Name)
	}
	return ListStreams200JSONResponse{Body: list}, nil
}

// GetStream is one of them.
func (o operations) GetStream(ctx context.Context, r GetStreamRequestObject) (GetStreamResponseObject, error) {
	snap, err := o.seen(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	return GetStream200JSONResponse(describe(&snap, o.judge, time.Now())), nil
}

// seen is the snapshot of a stream that is there, as far as the client may see it.
func (a *API) seen(ctx context.Context, name string) (bus.Snapshot, error) {
	snap, ok := a.streams.Stream(name)
	if ok {
		snap, ok = viewOf(ctx).one(snap)
	}
	if !ok {
		return snap, &problem.Problem{
			Status: http.StatusNotFound, Title: "There is no such stream", Detail: "Nobody publishes " + name + " now.",
		}
	}
	return snap, nil
}

// describe tells a snapshot in the API's words.
func describe(s *bus.Snapshot, judge Judge, now time.Time) Stream {
	d := Stream{
		Name: s.Name, Live: s.Live, Generation: s.Generation, Since: s.Since.UTC(),
		Publisher: Publisher{Protocol: s.Publisher.Protocol, Remote: s.Publisher.Remote, Encoder: s.Publisher.Encoder},
		Tracks:    make([]Track, len(s.Tracks)),
		Viewers:   s.Viewers,
		Warnings:  Warnings(s, judge, now),
	}
	for i := range s.Tracks {
		d.Tracks[i] = describeTrack(s.Name, &s.Tracks[i], judge)
		if d.Tracks[i].DerivedFrom == 0 {
			d.Bitrate += d.Tracks[i].Bitrate
		}
	}
	return d
}

func describeTrack(stream string, s *bus.TrackSnapshot, judge Judge) Track {
	t := s.Track
	d := Track{
		ID: uint32(t.ID), Kind: TrackKind(t.Kind.String()), Codec: t.Codec.String(), Profile: t.Profile,
		Bitrate: int64(math.Round(s.Bitrate)), Frames: s.Frames, DerivedFrom: uint32(t.DerivedFrom),
	}
	if t.Rendition != "" {
		d.Rendition = new(t.Rendition)
	}
	verdict := judge(stream, t)
	d.Playable, d.Note, d.Players = Way(verdict.Way), verdict.Why, &verdict.Players
	switch t.Kind {
	case av.Video:
		d.Width, d.Height, d.FrameRate = new(t.Width), new(t.Height), new(rounded(s.FrameRate))
		d.KeyframeInterval, d.BFrameShare = new(rounded(s.KeyframeInterval.Seconds())), new(rounded(s.BShare))
		d.Keyframes, d.BFrames = new(s.Keyframes), new(s.Bidirectional)
	case av.Audio:
		d.SampleRate, d.Channels = new(t.SampleRate), new(t.Channels)
	}
	return d
}

// rounded keeps two digits: the rest is noise of the measurement.
func rounded(x float64) float64 { return math.Round(x*100) / 100 }
