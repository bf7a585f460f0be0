package peer

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pion/webrtc/v3"
)

const typeFragment = "application/trickle-ice-sdpfrag"

// Restart begins ICE anew (RFC 9725 section 4.3.3), as a machine does whose network
// changed: new credentials go to the server by PATCH, its new ones come back, and
// the media goes on. One call at a time.
func (v *Viewer) Restart(ctx context.Context) error {
	offer, err := v.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return fmt.Errorf("peer: restart: %w", err)
	}
	local, err := v.gather(ctx, offer)
	if err != nil {
		return fmt.Errorf("peer: restart: %w", err)
	}
	body, err := v.resource.restart(ctx, fragmentOf(local))
	if err != nil {
		return fmt.Errorf("peer: restart: %w", err)
	}
	v.answer = withCredentials(v.answer, body)
	remote := strings.ReplaceAll(v.answer, "a=setup:actpass", "a=setup:passive") // where it was an offer once
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: remote}); err != nil {
		return fmt.Errorf("peer: restart: %w", err)
	}
	return nil
}

// gather takes a local description and returns it with all candidates.
func (v *Viewer) gather(ctx context.Context, d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(v.pc)
	if err := v.pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	select {
	case <-gathered:
		return v.pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fragmentOf is what a description says of ICE on its first m-line (RFC 8840
// section 4.4).
func fragmentOf(description string) string {
	var b strings.Builder
	media := 0
	for line := range strings.Lines(description) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			media++
		}
		if media != 1 {
			continue
		}
		for _, prefix := range []string{"m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates"} {
			if strings.HasPrefix(line, prefix) {
				b.WriteString(line + "\r\n")
			}
		}
	}
	return b.String()
}

// withCredentials is the description with the ICE credentials and candidates of
// the fragment.
func withCredentials(description, fragment string) string {
	fresh := map[string]string{}
	for line := range strings.Lines(fragment) {
		key, _, _ := strings.Cut(line, ":")
		fresh[key] = strings.TrimRight(line, "\r\n")
	}
	var b strings.Builder
	for line := range strings.Lines(description) {
		key, _, _ := strings.Cut(line, ":")
		switch key {
		case "a=ice-ufrag", "a=ice-pwd":
			line = fresh[key] + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// restart sends the fragment and returns the server's.
func (r *resource) restart(ctx context.Context, fragment string) (string, error) {
	resp, body, err := r.send(ctx, http.MethodPatch, r.location, fragment, http.Header{
		"Content-Type": {typeFragment}, "If-Match": {"*"},
	})
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", statusError(resp, body)
	}
	if kind := resp.Header.Get("Content-Type"); kind != typeFragment {
		return "", fmt.Errorf("the 200 carries %q, not %s", kind, typeFragment)
	}
	r.etag = resp.Header.Get("ETag")
	return string(body), nil
}
