package peer

import (
	"context"
	"net/http"

	"github.com/pion/webrtc/v3"
)

// nothing is an offer of nothing, which asks for one of the server's.
const nothing = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

// accept asks for an offer of the server's (draft-ietf-wish-whep-03 section 4.2:
// 406), and answers it.
func (v *Viewer) accept(ctx context.Context, whep string) error {
	var err error
	if v.answer, err = v.resource.post(ctx, whep, nothing, http.StatusNotAcceptable); err != nil {
		return err
	}
	offer := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: v.answer}
	if err := v.pc.SetRemoteDescription(offer); err != nil {
		return err
	}
	answer, err := v.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	local, err := v.gather(ctx, answer)
	if err != nil {
		return err
	}
	return v.resource.answer(ctx, local)
}

// answer sends the answer to the server's offer.
func (r *resource) answer(ctx context.Context, answer string) error {
	resp, body, err := r.do(ctx, http.MethodPatch, r.location, answer)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusNoContent {
		return statusError(resp, body)
	}
	return nil
}
