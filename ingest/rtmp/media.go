package rtmp

import (
	"errors"
	"fmt"
	"slices"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/flv"
)

// maxNotes bounds the different complaints about codecs that one session logs.
const maxNotes = 8

// mediaReader is what a session remembers of its media.
type mediaReader struct {
	demuxer  flv.Demuxer
	timeline ingest.Timeline
	video    *av.Track
	audio    *av.Track

	notes   []string  // what has been said about codecs
	trouble *reporter // what is said about messages
	inARow  int       // bad messages
	bad     uint64
}

// media takes one audio or video message to the bus.
func (s *session) media(m *message) error {
	r := &s.reader
	if s.pub == nil {
		s.filter.ignored++
		return nil
	}
	read := r.demuxer.Audio
	if m.kind == typeVideo {
		read = r.demuxer.Video
	}
	event, err := read(m.at(), m.body)
	if errors.Is(err, flv.ErrUnsupported) {
		s.unsupported(err)
		return nil
	}
	if err != nil {
		return s.bad(fmt.Errorf("at %v: %w", m.at(), err))
	}
	r.inARow = 0
	track := &r.audio
	if m.kind == typeVideo {
		track = &r.video
	}
	if event.Track != nil {
		s.describe(track, event.Track)
	}
	if event.Frame != nil && *track != nil {
		s.write(event.Frame, *track, m)
	}
	return nil
}

// describe announces a track, or its new configuration under its old ID.
func (s *session) describe(track **av.Track, t *av.Track) {
	if old := *track; old != nil {
		t.ID = old.ID
		if old.Codec == t.Codec && slices.EqualFunc(old.Config, t.Config, slices.Equal[[]byte]) &&
			old.SampleRate == t.SampleRate && old.Channels == t.Channels {
			return // said again
		}
	}
	*track = s.pub.SetTrack(*t)
	s.log.Info("rtmp: track", "kind", t.Kind, "codec", t.Codec, "profile", t.Profile,
		"width", t.Width, "height", t.Height, "rate", t.SampleRate, "channels", t.Channels)
}

func (s *session) write(f *av.Frame, track *av.Track, m *message) {
	f.Track = track
	f.Arrived = m.arrived
	if s.reader.timeline.Repair(f) {
		s.server.counters.jumps.Add(1)
		s.log.Debug("rtmp: timestamps jumped", "kind", track.Kind, "to", m.at())
	}
	s.pub.Write(f)
}

// unsupported counts a message that cannot be played and says so once.
func (s *session) unsupported(err error) {
	s.server.counters.unsupported.Add(1)
	note := err.Error()
	if r := &s.reader; len(r.notes) < maxNotes && !slices.Contains(r.notes, note) {
		r.notes = append(r.notes, note)
		s.log.Warn("rtmp: not played", "cause", err)
	}
}

// bad counts a message that cannot be read. Too many in a row end the session:
// what they are is not a stream.
func (s *session) bad(err error) error {
	r := &s.reader
	s.server.counters.bad.Add(1)
	r.bad++
	r.inARow++
	if r.trouble == nil {
		r.trouble = &reporter{report: func(count int, last error) {
			s.log.Warn("rtmp: bad messages", "count", count, "last", last)
		}}
	}
	r.trouble.add(err)
	if r.inARow >= maxBad {
		return fmt.Errorf("%w: %d in a row, the last %w", errBadMedia, r.inARow, err)
	}
	return nil
}
