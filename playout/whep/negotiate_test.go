package whep

import (
	"net/http"
	"strings"
	"testing"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/peer"
)

// TestAnOfferOfOurs: a viewer that offers nothing is offered what there is, and
// watches as any other does.
func TestAnOfferOfOurs(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, func(o *peer.Options) { o.Invited = true })
	await(t, func() bool { return len(r.all()) > 30 })
	r.check(t)
	if s := v.Stats(av.Video); s.Backward > 0 {
		t.Errorf("packets: %+v", s)
	}
	if !strings.Contains(v.Answer(), "a=setup:actpass") || !strings.Contains(v.Answer(), "a=sendonly") {
		t.Errorf("the offer:\n%s", v.Answer())
	}
}

// TestRestartsInMidStream: media goes on over ICE restarts, whoever made the offer.
func TestRestartsInMidStream(t *testing.T) {
	for name, invited := range map[string]bool{"the viewer's offer": false, "ours": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, bus.Config{})
			h.broadcast(t, clean, 0)
			var r recorder
			v := h.watch(t, &r, func(o *peer.Options) { o.Invited, o.Recover = invited, true })
			await(t, func() bool { return len(r.all()) > 10 })
			tags := map[string]bool{v.ETag(): true}
			deaf := map[int]bool{} // pictures that may lack packets
			for range 3 {
				before := len(r.all())
				if err := v.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				tags[v.ETag()] = true
				// From the time that it begins until it has a path again, this client takes
				// nothing: it misses the end of a picture, and perhaps the begin of the next.
				after := len(r.all())
				for i := before; i < after+2; i++ {
					deaf[i] = true
				}
				await(t, func() bool { return len(r.all()) > after+20 })
			}
			r.checkBut(t, deaf)
			await(t, func() bool { return v.Stats(av.Video).Lost == 0 }) // what was missed comes again
			if len(tags) != 4 || v.Err() != nil {
				t.Errorf("%d entity tags, %v", len(tags), v.Err())
			}
			if s := v.Stats(av.Video); s.Backward > 0 {
				t.Errorf("packets: %+v", s)
			}
		})
	}
}

// TestAnOfferOfOtherCodecs is answered with ours, not with words.
func TestAnOfferOfOtherCodecs(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	await(t, func() bool { s, _ := h.hub.Stream("live/x"); return s.Frames > 10 })
	offer := strings.NewReplacer("H264/90000", "H265/90000").Replace(readOffer(t))
	response, err := http.Post(h.url+"live/x", "application/sdp", strings.NewReader(offer))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNotAcceptable || response.Header.Get("Content-Type") != "application/sdp" || response.Header.Get("Location") == "" {
		t.Errorf("%s %v", response.Status, response.Header)
	}
}
