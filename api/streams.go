package api

import (
	"math"
	"net/http"
	"strings"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// streamPath is where single streams are, below /api.
const streamPath = "/v1/streams/"

// stream is a stream as the API tells it. Rates are in bits and pictures a
// second, times in seconds.
type stream struct {
	Name       string    `json:"name"`
	Live       bool      `json:"live"`
	Generation uint32    `json:"generation"`
	Since      time.Time `json:"since"`
	Publisher  publisher `json:"publisher"`
	Tracks     []track   `json:"tracks"`
	Viewers    int       `json:"viewers"`
	Bitrate    int64     `json:"bitrate"` // of the publisher's own tracks
	Warnings   []Warning `json:"warnings"`
}

type publisher struct {
	Protocol string `json:"protocol"`
	Remote   string `json:"remote"`
	Encoder  string `json:"encoder"`
}

type track struct {
	ID          av.TrackID `json:"id"`
	Kind        string     `json:"kind"`
	Codec       string     `json:"codec"`
	Profile     string     `json:"profile"`
	Rendition   string     `json:"rendition,omitempty"` // its name among several of a kind
	Bitrate     int64      `json:"bitrate"`
	Frames      uint64     `json:"frames"`
	DerivedFrom av.TrackID `json:"derived_from"`
	Playable    string     `json:"playable"`
	Note        string     `json:"note"`
	Players     []Player   `json:"players"`
	*video
	*audio
}

// video is what only tracks to be seen have.
type video struct {
	Width            int     `json:"width"`
	Height           int     `json:"height"`
	FrameRate        float64 `json:"frame_rate"`
	KeyframeInterval float64 `json:"keyframe_interval"` // 0: unknown
	BFrameShare      float64 `json:"b_frame_share"`     // 0 to 1
	Keyframes        uint64  `json:"keyframes"`
	BFrames          uint64  `json:"b_frames"`
}

// audio is what only tracks to be heard have.
type audio struct {
	SampleRate int `json:"sample_rate"`
	Channels   int `json:"channels"`
}

func (a *API) listStreams(w http.ResponseWriter, r *http.Request) {
	snaps := viewOf(r).of(a.streams.Streams())
	list := make([]stream, len(snaps))
	now := time.Now()
	for i := range snaps {
		list[i] = describe(&snaps[i], a.judge, now)
	}
	answer(w, map[string][]stream{"streams": list})
}

// oneStream takes the name from the decoded path: names have slashes, and a
// client may or may not have escaped them.
func (a *API) oneStream(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api"+streamPath)
	if stream, ok := a.diagnosed(name); ok {
		a.diagnose(w, r, stream)
		return
	}
	snap, ok := a.streams.Stream(name)
	if ok {
		snap, ok = viewOf(r).one(snap)
	}
	if !ok {
		fail(w, http.StatusNotFound, "There is no such stream", "Nobody publishes "+name+" now.")
		return
	}
	answer(w, describe(&snap, a.judge, time.Now()))
}

// describe tells a snapshot in the API's words.
func describe(s *bus.Snapshot, judge Judge, now time.Time) stream {
	d := stream{
		Name: s.Name, Live: s.Live, Generation: s.Generation, Since: s.Since.UTC(),
		Publisher: publisher{s.Publisher.Protocol, s.Publisher.Remote, s.Publisher.Encoder},
		Tracks:    make([]track, len(s.Tracks)),
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

func describeTrack(stream string, s *bus.TrackSnapshot, judge Judge) track {
	t := s.Track
	d := track{
		ID: t.ID, Kind: t.Kind.String(), Codec: t.Codec.String(), Profile: t.Profile, Rendition: t.Rendition,
		Bitrate: int64(math.Round(s.Bitrate)), Frames: s.Frames, DerivedFrom: t.DerivedFrom,
	}
	verdict := judge(stream, t)
	d.Playable, d.Note, d.Players = verdict.Way, verdict.Why, verdict.Players
	switch t.Kind {
	case av.Video:
		d.video = &video{
			Width: t.Width, Height: t.Height, FrameRate: rounded(s.FrameRate),
			KeyframeInterval: rounded(s.KeyframeInterval.Seconds()), BFrameShare: rounded(s.BShare),
			Keyframes: s.Keyframes, BFrames: s.Bidirectional,
		}
	case av.Audio:
		d.audio = &audio{SampleRate: t.SampleRate, Channels: t.Channels}
	}
	return d
}

// rounded keeps two digits: the rest is noise of the measurement.
func rounded(x float64) float64 { return math.Round(x*100) / 100 }
