package whep

import (
	"slices"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// newsInterval is how often a stream's news are gathered while somebody wants
	// to know: a picture whose rendition the publisher stops sending stands still
	// for as long as this and layerSilence.
	newsInterval = time.Second
	// layerSilence is how long a rendition without a frame counts as being sent.
	layerSilence = time.Second
)

// news is what a stream's viewers may be told beside its media. It is immutable.
type news struct {
	at      time.Time
	live    bool
	viewers int
	layers  []layer // the renditions of the picture, in the order they were announced
}

// layer is one rendition.
type layer struct {
	track   *av.Track
	of      *av.Track // which one it was made of, nil of a publisher's own
	bitrate int       // bits a second; 0 of one that is not being sent
}

func (l *layer) active() bool { return l.bitrate > 0 }

// gather looks at the stream.
func gather(s *bus.Stream, now time.Time) *news {
	snapshot := s.Snapshot()
	n := &news{at: now, live: snapshot.Live, viewers: snapshot.Viewers}
	for _, t := range snapshot.Tracks {
		if t.Track.Kind != av.Video || !slices.Contains(sendable[av.Video], t.Track.Codec) {
			continue
		}
		l := layer{track: t.Track, of: find(snapshot.Tracks, t.Track.DerivedFrom)}
		if n.live && t.Frames > 0 && now.Sub(t.LastFrame) < layerSilence {
			l.bitrate = max(1, int(t.Bitrate))
			if t.Bitrate == 0 { // it is too young to have been measured over whole seconds
				l.bitrate = max(1, int(8*float64(t.Bytes)/max(now.Sub(snapshot.Since).Seconds(), 0.1)))
			}
		}
		n.layers = append(n.layers, l)
	}
	return n
}

func find(tracks []bus.TrackSnapshot, id av.TrackID) *av.Track {
	for i := range tracks {
		if tracks[i].Track.ID == id {
			return tracks[i].Track
		}
	}
	return nil
}

// several is true where there is a choice of renditions.
func (n *news) several() bool {
	own := 0
	for i := range n.layers {
		if n.layers[i].of == nil {
			own++
		}
	}
	return own > 1
}

// bulletin is a fan's newest news; it belongs to its goroutine.
type bulletin struct {
	newest  *news
	catalog *bus.Catalog // that the news are of
	next    time.Time    // when they are old
}

// read gathers news where there are some to be had: with a new catalog at once,
// else from time to time, if somebody listens or has a choice.
func (b *bulletin) read(s *bus.Stream, listened bool, now time.Time) *news {
	c := s.Catalog()
	several := b.newest != nil && b.newest.several()
	if b.newest == nil || c != b.catalog || (listened || several) && !now.Before(b.next) {
		b.newest, b.catalog, b.next = gather(s, now), c, now.Add(newsInterval)
	}
	return b.newest
}
