package rtmp

import (
	"context"
	"log/slog"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/flv"
	"millrace/transmux/ledger"
)

// Kinds of message (RTMP 1.0 section 7.1).
const (
	kindAudio = 8
	kindVideo = 9
	kindData  = 18
)

// settle is how long sound is held back for a picture that the stream does not
// have yet: encoders announce the two within some milliseconds, and players that
// begin with one do not always take the other.
const settle = 500 * time.Millisecond

// player is one that watches.
type player struct {
	room  *Room
	sub   *bus.Subscriber
	link  Link
	takes func(fourCC string) bool
	log   *slog.Logger

	catalog      *bus.Catalog
	video, audio lane
	told         flv.Metadata // what the last onMetaData said
	wantV, wantA bool
	since        time.Time
	settled      bool

	base    time.Duration // what is zero to the player, on the stream's timeline
	started bool          // base is set
	entries uint32        // of the picture's cursor, as last seen
	body    []byte        // reused

	notes            []av.Codec
	frames, restarts uint64
	bytes            uint64
	tally            *ledger.Tally
}

func newPlayer(room *Room, r Request, sub *bus.Subscriber, link Link) *player {
	takes := r.Takes
	if takes == nil {
		takes = func(string) bool { return false }
	}
	return &player{
		room: room, sub: sub, link: link, takes: takes, since: time.Now(),
		log:   room.log.With("stream", r.Stream, "remote", r.Remote),
		video: lane{kind: kindVideo}, audio: lane{kind: kindAudio},
	}
}

// run sends until the stream or ctx ends.
func (p *player) run(ctx context.Context) error {
	s := p.sub.Stream()
	patience := time.NewTimer(settle)
	defer patience.Stop()
	for {
		changed := s.Changed()
		err := s.Err() // before the look: nothing comes after it
		if sent := p.serve(ctx); sent != nil {
			return sent
		}
		p.tell(time.Now())
		if err != nil {
			return err
		}
		select {
		case <-changed:
		case <-patience.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// serve sends what there is up to the live edge.
func (p *player) serve(ctx context.Context) error {
	for {
		p.follow(p.sub.Stream().Catalog())
		if !p.ready() {
			return nil
		}
		f := p.sub.Poll()
		if f == nil {
			return nil
		}
		if err := p.backfill(ctx, f); err != nil {
			return err
		}
		if err := p.send(ctx, f); err != nil {
			return err
		}
	}
}

// ready holds a beginning without a picture back for a moment.
func (p *player) ready() bool {
	if !p.settled {
		p.settled = p.sub.Video().Track() != 0 || !p.wantV || time.Since(p.since) >= settle
	}
	return p.settled
}

// follow turns to what the catalog has for this player, as far as it wants it now.
// While there is nothing, as between two publishers, the old tracks are read to
// their end.
func (p *player) follow(c *bus.Catalog) {
	wantV, wantA := p.link.Wants()
	if c == p.catalog && wantV == p.wantV && wantA == p.wantA {
		return
	}
	p.catalog, p.wantV, p.wantA = c, wantV, wantA
	choose := func(kind av.Kind, now av.TrackID, wanted bool) av.TrackID {
		if !wanted {
			return 0
		}
		if t := p.pick(c.Tracks, kind); t != nil {
			return t.ID
		}
		return now
	}
	p.sub.Follow(
		choose(av.Video, p.sub.Video().Track(), wantV),
		choose(av.Audio, p.sub.Audio().Track(), wantA))
}

// backfill sends the sound that belongs to the pictures of a GOP: the bus starts a
// sound at the live edge, and a player that is not a browser does not skip to it.
// f is the next frame that the subscriber gave.
func (p *player) backfill(ctx context.Context, f *av.Frame) error {
	video, audio := p.sub.Video(), p.sub.Audio()
	if e := video.Entries(); e != p.entries && f.Track.Kind == av.Video {
		if p.entries != 0 && p.video.last == f.Track.ID {
			p.restarts++
			p.room.restarts.Add(1)
		}
		p.entries = e
		p.audio.next = max(p.audio.next, f.Seq+1)
		p.audio.fill = true
	}
	if !p.audio.fill || audio.Track() == 0 {
		return nil
	}
	s := p.sub.Stream()
	for seq := p.audio.next; seq < f.Seq; seq++ {
		// Frames that have left the ring are gone for everybody.
		if a := s.Frame(seq); a != nil && a.Track.ID == audio.Track() {
			if err := p.send(ctx, a); err != nil {
				return err
			}
		}
	}
	p.audio.next = f.Seq
	if f.Track.Kind == av.Audio {
		p.audio.fill = false // the subscriber has got there
	}
	return nil
}

// send brings one frame, and before it what must be said.
func (p *player) send(ctx context.Context, f *av.Frame) error {
	if !p.started {
		p.base, p.started = f.DTS, true
	}
	if f.DTS < p.base {
		return nil // sound from before the first picture
	}
	l := &p.video
	if f.Track.Kind == av.Audio {
		l = &p.audio
		p.audio.next = f.Seq + 1
	}
	at := l.stamp(f.DTS - p.base)
	if f.Track != l.track {
		if err := p.introduce(ctx, l, f.Track, at); err != nil {
			return err
		}
	}
	composition := max(0, (f.PTS-p.base).Round(time.Millisecond)-at)
	p.body = flv.AppendBody(p.body[:0], f, l.form, composition)
	return p.message(ctx, l.kind, at, p.body)
}

// introduce says how to decode what follows, if that is news.
func (p *player) introduce(ctx context.Context, l *lane, t *av.Track, at time.Duration) error {
	old := l.track
	l.track, l.last, l.form = t, t.ID, flv.FormOf(t, p.takes)
	if p.tellMetadata() {
		if err := p.message(ctx, kindData, at, p.told.Body()); err != nil {
			return err
		}
		// To players, metadata in mid-stream is a new beginning.
		for _, other := range [...]*lane{&p.video, &p.audio} {
			if err := p.header(ctx, other, at); err != nil {
				return err
			}
		}
		return nil
	}
	if old != nil && sameConfig(old, t) {
		return nil
	}
	return p.header(ctx, l, at)
}

// header sends the lane's configuration, at the lane's own time if it has one.
func (p *player) header(ctx context.Context, l *lane, at time.Duration) error {
	if l.track == nil {
		return nil
	}
	if body := flv.Header(l.track, l.form); body != nil {
		if l.begun {
			at = l.at
		}
		return p.message(ctx, l.kind, at, body)
	}
	return nil
}

// tellMetadata brings the metadata up to date and reports whether it changed. Of a
// track that is followed and has not begun, it tells in advance: players prepare
// for what they are told of.
func (p *player) tellMetadata() (news bool) {
	was := p.told
	p.prepare(&p.video, p.sub.Video().Track())
	p.prepare(&p.audio, p.sub.Audio().Track())
	p.told = flv.Metadata{
		Video: p.video.track, VideoForm: p.video.form, Audio: p.audio.track, AudioForm: p.audio.form,
		Encoder: "millrace",
	}
	return !alike(was.Video, p.told.Video) || !alike(was.Audio, p.told.Audio)
}

// prepare takes the description of a followed track before its first frame.
func (p *player) prepare(l *lane, id av.TrackID) {
	if t := p.catalog.Track(id); t != nil && l.track == nil {
		l.track, l.last, l.form = t, t.ID, flv.FormOf(t, p.takes)
	}
}

func (p *player) message(ctx context.Context, kind uint8, at time.Duration, body []byte) error {
	if kind != kindData {
		p.frames++
		p.room.frames.Add(1)
	}
	p.bytes += uint64(len(body))
	return p.link.Send(ctx, kind, at, body)
}
