package whep

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/problem"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

// errLacks says that an offer has none of the codecs that there are: a good one
// otherwise, so that it is answered with an offer of our own.
var errLacks = fmt.Errorf("%w", description.ErrCannot)

// proposal is a viewer that has been sent our offer (WHEP section 4.2). It may be
// answered until its transport's patience is over.
type proposal struct {
	*viewer
	mids []string
}

// propose offers what there is to somebody whose own offer was empty, or of other
// codecs.
func (room *Room) propose(r resource.Request, sub *bus.Subscriber, leave func(cause error), f *fuse, kinds []av.Kind, why string) ([]byte, resource.Session, error) {
	v := newViewer(room, r, sub, leave, time.Now())
	v.tally = &f.tally
	endpoint, err := room.transport.Offer(v.own)
	if err != nil {
		leave(err)
		return nil, nil, err
	}
	f.guard(endpoint)
	p := &proposal{viewer: v}
	local := endpoint.Local()
	a := &description.Answer{
		Ufrag: local.Ufrag, Pwd: local.Pwd, Fingerprint: local.Fingerprint,
		Name: v.label, Direction: description.SendOnly, Offer: true, Why: why,
		Candidates: room.transport.Candidates(r.Peer.Addr()),
	}
	tracks := sub.Stream().Catalog().Tracks
	for i, kind := range kinds {
		mid := fmt.Sprint(i)
		p.mids = append(p.mids, mid)
		if kind == av.Video {
			v.pictured, v.pictureAt = true, i
		}
		ssrc := v.ssrcs[kind]
		a.Media = append(a.Media, description.AnswerMedia{
			Media: &description.Media{Kind: kind, MID: mid}, Formats: formatsOf(kind, tracks),
			SSRC: ssrc.primary, RTXSSRC: ssrc.repair,
		})
	}
	room.log.Info("viewer proposed to", "stream", r.Stream, "session", v.label, "remote", r.Peer, "because", why)
	return a.Write(), p, nil
}

// Answer makes the proposal the session that it would have been.
func (p *proposal) Answer(_ context.Context, raw []byte) (resource.Session, error) {
	o, err := description.ParseAnswer(raw, p.mids...)
	if err != nil {
		return nil, problemOf(err)
	}
	v := p.viewer
	c, err := choose(o, v.stream.Catalog().Tracks, v.room.makes(v.stream))
	if err != nil {
		return nil, problem.New(http.StatusUnprocessableEntity, "The answer takes nothing that the stream has now: take what the offer names first.")
	}
	if !v.settle(c) {
		return nil, gone()
	}
	remote := sender.Remote{Ufrag: o.Ufrag, Pwd: o.Pwd, Fingerprint: o.Fingerprint}
	if err := v.endpoint.Answer(remote); errors.Is(err, sender.ErrClosed) {
		return nil, gone()
	}
	return v, nil
}

func gone() *problem.Problem {
	return problem.New(http.StatusNotFound, "The offer was not answered in time. Start anew with a POST to the stream's endpoint.")
}

// repairable is what we do for those who miss something.
var repairable = []string{"nack", "nack pli", "ccm fir"}

// formatsOf are all formats of a kind that we can send, what the stream has now
// first, under numbers of our own.
func formatsOf(kind av.Kind, tracks []*av.Track) []*description.Format {
	if kind == av.Audio {
		return []*description.Format{
			{PayloadType: 111, Name: "OPUS", ClockRate: 48000, Channels: 2, Feedback: repairable[:1]},
			{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
			{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
		}
	}
	present := current(tracks, kind)
	var first, rest []*description.Format
	number := uint8(96) // the first of the dynamic ones, RFC 3551 section 6
	add := func(codec av.Codec, name string, parameters map[string]string) {
		f := &description.Format{
			PayloadType: number, RTX: number + 1, Name: name, ClockRate: 90000,
			Parameters: parameters, Feedback: repairable,
		}
		number += 2
		if present != nil && present.Codec == codec {
			first = append(first, f)
		} else {
			rest = append(rest, f)
		}
	}
	profiles := []string{"42e01f"}
	if present != nil && present.Codec == av.H264 {
		// The stream's own, by which answers choose; and the one that everybody has.
		profiles = []string{codecs.H264ProfileLevelID(present), "42e01f"}
	}
	for _, profile := range profiles {
		add(av.H264, "H264", map[string]string{"packetization-mode": "1", "profile-level-id": profile})
	}
	add(av.VP8, "VP8", nil)
	add(av.VP9, "VP9", map[string]string{"profile-id": "0"})
	add(av.AV1, "AV1", map[string]string{"profile": "0"})
	return append(first, rest...)
}
