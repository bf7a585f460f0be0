package rtmp

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/flv"
	"millrace/transmux/ledger"
)

// maxNotes bounds the different complaints about codecs that one session logs.
const maxNotes = 8

// mediaReader takes the media of one publisher to the bus, whether it came here
// by itself (session) or is fetched (Puller).
type mediaReader struct {
	pub      *bus.Publisher
	log      *slog.Logger
	counters *counters

	demuxer  flv.Demuxer
	timeline ingest.Timeline
	tracks   map[trackKey]*av.Track
	late     latecomers

	warn    func(text string) // tells the encoder; nil where there is none
	notes   []string          // what has been said about codecs
	trouble *reporter         // what is said about messages
	inARow  int               // bad messages
	bad     uint64

	tally           ledger.Tally
	agent           string // what the peer calls itself
	bytes, messages uint64 // of media
	jumps           uint64 // of its clocks
}

// media takes one audio or video message to the bus.
func (s *session) media(m *message) error {
	if s.pub == nil {
		s.filter.ignored++
		return nil
	}
	return s.reader.take(m)
}

// bad is for the filter.
func (s *session) bad(err error) error { return s.reader.reject(err) }

// take brings one audio or video message to the bus. An error ends the session.
func (r *mediaReader) take(m *message) error {
	read, kind := r.demuxer.Audio, av.Audio
	if m.kind == typeVideo {
		read, kind = r.demuxer.Video, av.Video
	}
	defer r.tell(m)
	event, err := read(m.at(), m.body)
	// What was read of a message's other tracks is there even with an error.
	for e := &event; e != nil; e = e.Next {
		r.deliver(trackKey{kind, e.Number}, e, m)
	}
	if errors.Is(err, flv.ErrUnsupported) {
		r.unsupported(err)
		return nil
	}
	if err == nil || event != (flv.Event{}) {
		r.inARow = 0 // one bad track among good ones does not end the session
	}
	if err != nil {
		return r.reject(fmt.Errorf("at %v: %w", m.at(), err))
	}
	return nil
}

// deliver brings what a message says of one track to the bus.
func (r *mediaReader) deliver(key trackKey, e *flv.Event, m *message) {
	if e.Track != nil && !r.late.hold(r, key, e.Track, m.arrived) {
		r.describe(key, e.Track)
	}
	r.late.release(r, m.arrived)
	if track := r.tracks[key]; e.Frame != nil && track != nil {
		r.write(e.Frame, track, m)
	}
}

// describe announces a track, or its new configuration under its old ID.
func (r *mediaReader) describe(key trackKey, t *av.Track) {
	if old := r.tracks[key]; old != nil {
		t.ID = old.ID
		if old.Codec == t.Codec && slices.EqualFunc(old.Config, t.Config, slices.Equal[[]byte]) &&
			old.SampleRate == t.SampleRate && old.Channels == t.Channels && old.Width == t.Width && old.Height == t.Height {
			return // said again
		}
	}
	if r.tracks == nil {
		r.tracks = make(map[trackKey]*av.Track)
	}
	r.tracks[key] = r.pub.SetTrack(*t)
	r.log.Info("rtmp: track", "kind", t.Kind, "number", key.number, "codec", t.Codec, "profile", t.Profile,
		"width", t.Width, "height", t.Height, "rate", t.SampleRate, "channels", t.Channels)
}

func (r *mediaReader) write(f *av.Frame, track *av.Track, m *message) {
	f.Track = track
	f.Arrived = m.arrived
	if r.timeline.Repair(f) {
		r.counters.jumps.Add(1)
		r.jumps++
		r.log.Debug("rtmp: timestamps jumped", "kind", track.Kind, "to", m.at())
	}
	r.pub.Write(f)
}

// unsupported counts a message that cannot be played and says so once.
func (r *mediaReader) unsupported(err error) {
	r.counters.unsupported.Add(1)
	note := err.Error()
	if len(r.notes) < maxNotes && !slices.Contains(r.notes, note) {
		r.notes = append(r.notes, note)
		r.log.Warn("rtmp: not played", "cause", err)
		if r.warn != nil {
			r.warn(note)
		}
	}
}

// reject counts a message that cannot be read. Too many in a row end the session:
// what they are is not a stream.
func (r *mediaReader) reject(err error) error {
	r.counters.bad.Add(1)
	r.bad++
	r.inARow++
	if r.trouble == nil {
		r.trouble = &reporter{report: func(count int, last error) {
			r.log.Warn("rtmp: bad messages", "count", count, "last", last)
		}}
	}
	r.trouble.add(err)
	if r.inARow >= maxBad {
		return fmt.Errorf("%w: %d in a row, the last %w", errBadMedia, r.inARow, err)
	}
	return nil
}
