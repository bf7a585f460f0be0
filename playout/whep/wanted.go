package whep

import (
	"millrace/transmux/av"
)

// wanted is what a viewer asks of the rendition it gets, by the layer extension.
// The zero value leaves it to us: the largest that is sent.
type wanted struct {
	rid                 string
	maxWidth, maxHeight int // pixels; 0 is no bound
}

// rendition names the one to send, of those that the viewer can take and that are
// being sent. Empty leaves the choice to choice.tracks.
func (w wanted) rendition(c choice, layers []layer) string {
	var best, smallest *layer
	for i := range layers {
		l := &layers[i]
		if !l.active() || !c.has(l) {
			continue
		}
		if w.rid != "" && l.track.Rendition == w.rid {
			return w.rid
		}
		if w.fits(l.track) && (best == nil || finer(l.track, best.track)) {
			best = l
		}
		if smallest == nil || area(l.track) < area(smallest.track) {
			smallest = l
		}
	}
	switch {
	case best != nil:
		return best.track.Rendition
	case smallest != nil:
		return smallest.track.Rendition // it fitted once, when it was asked for
	default:
		return w.rid
	}
}

// fits is whether the track is within the bounds. One of which the size is not yet
// known is.
func (w wanted) fits(t *av.Track) bool {
	return (w.maxWidth == 0 || t.Width <= w.maxWidth) && (w.maxHeight == 0 || t.Height <= w.maxHeight)
}

// has says whether the rendition is one for this viewer: what is made of another one is
// that one to who can take it.
func (c choice) has(l *layer) bool {
	return c.video.format(l.track.Codec) != nil && (l.of == nil || c.video.format(l.of.Codec) == nil)
}

func area(t *av.Track) int { return t.Width * t.Height }
