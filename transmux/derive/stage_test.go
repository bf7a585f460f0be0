package derive

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/derive/ffmpeg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a hub, a room, a publisher of live/a and a viewer of it, in a bubble
// of its own time.
type stage struct {
	*testing.T
	hub    *bus.Hub
	room   *Room
	log    *avtest.Log
	pub    *bus.Publisher
	viewer *bus.Subscriber
	stream *bus.Stream
	now    time.Duration // of the publisher
}

func onStage(t *testing.T, cfg Config, play func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{T: t, hub: bus.New(bus.Config{}), log: &avtest.Log{}}
		cfg.FFmpeg.Path = ffmpeg.Off
		s.room = New(cfg, slog.New(slog.NewTextHandler(s.log, nil)))
		s.publish()
		var err error
		if s.viewer, err = s.hub.Subscribe(t.Context(), "live/a"); err != nil {
			t.Fatal(err)
		}
		defer s.viewer.Close()
		s.stream = s.viewer.Stream()
		play(s)
		s.room.Close()
		s.hub.Close()
		if n := s.room.Stats().Active; n != 0 {
			t.Errorf("%d still active at the end", n)
		}
	})
}

// publish begins a new generation.
func (s *stage) publish() {
	s.Helper()
	var err error
	if s.pub, err = s.hub.Publish("live/a", bus.PublisherInfo{}); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) track(t av.Track) *av.Track { return s.pub.SetTrack(t) }

// send writes units of the track, as an encoder would: at their pace.
func (s *stage) send(t *av.Track, n int, unit []byte) {
	for range n {
		const onTheWay = 3 * time.Millisecond // between the socket and the bus
		s.pub.Write(&av.Frame{Track: t, PTS: s.now, DTS: s.now, Arrived: time.Now().Add(-onTheWay), Parts: [][]byte{unit}})
		length := 1024 * time.Second / time.Duration(t.SampleRate)
		s.now += length
		time.Sleep(length)
	}
	synctest.Wait()
}

func (s *stage) silence(t *av.Track, n int) { s.send(t, n, avtest.AACSilence(t.Channels)) }

// derived is the derived track in the catalog, or nil.
func (s *stage) derived() *av.Track {
	synctest.Wait()
	var found *av.Track
	for _, t := range s.stream.Catalog().Tracks {
		if t.DerivedFrom == 0 {
			continue
		}
		if found != nil {
			s.Errorf("two derived tracks: %d and %d", found.ID, t.ID)
		}
		found = t
	}
	return found
}

// opus is what browsers offer of sound.
var opus = Taking(av.Opus)

// judged is what the API tells of the track for browsers.
func (s *stage) judged(t *av.Track) (Way, string) {
	v := s.room.Judge("live/a", t)
	return v.How, v.Why
}
