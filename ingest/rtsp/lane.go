package rtsp

import (
	"slices"
	"strconv"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/leap"
	"millrace/transmux/rtpio"
	"millrace/transmux/rtsp"
)

// lane is one media that is taken.
type lane struct {
	media     int // of the description
	rendition string
	codings   []coding // what may come; the first is the one that is expected
	coding    *coding  // what comes
	inbound   *rtpio.Inbound
	clock     int // the track's number in the intake's clock
	leap      leap.Track
	ssrc      uint32
	begun     bool
	track     *av.Track

	reorder time.Duration // how far behind its decoding a picture was shown
	dts     time.Duration // of the last frame, if placed
	placed  bool
	past    rtpio.Stats // of inbounds before this one
	lied    bool        // that was said
}

// plan sorts out what is taken of the media that were described. skipped says of
// the others, each in a line, why not.
func plan(media []rtsp.Media) (lanes []*lane, skipped []string) {
	kinds := map[av.Kind]int{}
	for i, m := range media {
		l := &lane{media: i}
		var why string
		for _, f := range m.Formats {
			c, err := read(f)
			switch {
			case err != nil && why == "":
				why = err.Error()
			case err != nil:
			case len(l.codings) > 0 && c.track.Kind != l.codings[0].track.Kind:
			default:
				l.codings = append(l.codings, c)
			}
		}
		switch {
		case len(l.codings) > 0 && len(lanes) == maxTracks:
			why = "there are too many media"
			l.codings = nil
		case len(m.Formats) == 0:
			why = "no payload type can be read"
		}
		if len(l.codings) == 0 {
			skipped = append(skipped, m.Kind+": "+why)
			continue
		}
		kind := l.codings[0].track.Kind
		if n := kinds[kind]; n > 0 {
			l.rendition = strconv.Itoa(n)
		}
		kinds[kind]++
		lanes = append(lanes, l)
	}
	return lanes, skipped
}

// kind is what the lane brings.
func (l *lane) kind() av.Kind { return l.codings[0].track.Kind }

// turn begins with a payload type, or changes over to it; false where it is none
// that was described.
func (l *lane) turn(payloadType uint8, lossy bool) bool {
	if l.coding != nil && l.coding.format.PayloadType == payloadType {
		return true
	}
	at := slices.IndexFunc(l.codings, func(c coding) bool { return c.format.PayloadType == payloadType })
	if at < 0 {
		return false
	}
	c := &l.codings[at]
	o := c.options
	if !lossy {
		o.MaxWait = time.Nanosecond // what is missing never comes
	}
	inbound, err := rtpio.NewInbound(c.track, o)
	if err != nil {
		return false // not among what read takes
	}
	if l.inbound != nil {
		l.past = l.stats()
	}
	l.coding, l.inbound = c, inbound
	return true
}

// stats are those of all that came.
func (l *lane) stats() rtpio.Stats {
	s := l.past
	if l.inbound != nil {
		now := l.inbound.Stats()
		s.Received += now.Received
		s.Bytes += now.Bytes
		s.Lost += now.Lost
		s.Frames += now.Frames
		s.Skipped += now.Skipped
	}
	return s
}
