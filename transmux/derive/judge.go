package derive

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// Verdict says how browsers can be given a track, and everybody else.
type Verdict struct {
	How Way
	// Why is in words for the person who streams; empty where there is nothing to say.
	Why string
	// Players are the kinds of viewers one by one, browsers first.
	Players []Player
}

// Player is one kind of viewer and how it is given the track.
type Player struct {
	What string
	How  Way
	Why  string
}

// Judge says who can be given the track of that stream, and by what means or why not.
func (r *Room) Judge(stream string, t *av.Track) Verdict {
	var v Verdict
	for i := range receivers {
		who := &receivers[i]
		how, why := r.judge(who, stream, t)
		v.Players = append(v.Players, Player{who.what, how, why})
	}
	v.How, v.Why = v.Players[0].How, v.Players[0].Why
	return v
}

func (r *Room) judge(who *receiver, stream string, t *av.Track) (Way, string) {
	switch {
	case who.offer.Whole(t) || t.DerivedFrom != 0 && who.wants:
		return Pass, ""
	case who.some.Whole(t):
		return Pass, who.extra
	case !who.wants:
		return No, fmt.Sprintf("%s cannot be sent over %s", name(t.Codec), who.what)
	}
	target := targetOf(t.Kind)
	reasons, found := r.verdicts.of(t)
	if !found {
		_, err := r.makes(target, stream, t, nil)
		var no refusal
		if !errors.As(err, &no) {
			return Derive, turned(t, target)
		}
		reasons = string(no)
	}
	if who.offer.Takes(t.Codec) && Ordinary(t) {
		return Pass, "B-frames are left out for browsers: " + reasons
	}
	return No, reasons
}
