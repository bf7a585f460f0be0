package sender

import "time"

// offerLife is how long the answer to an offer of ours may take: what
// draft-ietf-wish-whep-03 says where the offer does not.
const offerLife = 30 * time.Second

// Offer makes an endpoint for an offer of our own: it waits for Answer, and ends
// with ErrUnanswered where that does not come. The offerer controls (RFC 8445
// section 6.1.1), so it is we who nominate. owner is as in Open.
func (r *Room) Offer(owner func(*Endpoint) Events) (*Endpoint, error) {
	return r.open(Remote{}, owner)
}

// Answer tells an endpoint that was made by Offer what the peer's answer says of
// its side. It gives ErrClosed once the endpoint is over, or answered already.
func (e *Endpoint) Answer(remote Remote) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() || e.ice.peer.Ufrag != "" {
		return ErrClosed
	}
	e.ice.peer, e.announced, e.opened = remote, remote.Fingerprint, time.Now()
	return nil
}
