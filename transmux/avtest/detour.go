package avtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
)

// Detour is an http.RoundTripper that leads a WebRTC client's media past the address
// that the server names: its answers' host candidates for From name To instead, such as
// the near end of a bad line.
type Detour struct{ From, To netip.AddrPort }

// RoundTrip is http.RoundTripper's.
func (d Detour) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	sdp, err := io.ReadAll(answer.Body)
	sdp = bytes.ReplaceAll(sdp, candidate(d.From), candidate(d.To))
	answer.Body = io.NopCloser(bytes.NewReader(sdp))
	return answer, err
}

// candidate is an address as candidates have it (RFC 8839 section 5.1).
func candidate(at netip.AddrPort) []byte {
	return fmt.Appendf(nil, " %s %d typ host", at.Addr(), at.Port())
}
