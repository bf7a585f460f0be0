package sender

import (
	"net/netip"
	"slices"

	"millrace/transmux/rtc/port"
)

// RemoteUfrag is the peer's ICE user fragment: the one of the last restart, if
// there was one.
func (e *Endpoint) RemoteUfrag() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		return e.next.peer.Ufrag
	}
	return e.ice.peer.Ufrag
}

// Restart begins ICE anew with the peer's new credentials and returns ours (RFC
// 8445 section 9). Nothing else changes: keys stay, and media goes over the old
// path until the peer has nominated a new one, for ever if it never does. A
// restart that was begun before and came to nothing is forgotten. It gives
// ErrClosed for an endpoint that is over.
func (e *Endpoint) Restart(ufrag, pwd string) (Local, error) {
	g := newGeneration(Remote{Ufrag: ufrag, Pwd: pwd})
	if err := e.room.port.Claim(g.ufrag, e); err != nil {
		return Local{}, err
	}
	e.mu.Lock()
	var forgotten *generation
	over := e.closed.Load() // else end will find g
	if over {
		forgotten = g
	} else {
		forgotten, e.next = e.next, g
		if forgotten != nil {
			forgotten.remotes = slices.DeleteFunc(forgotten.remotes, func(r port.Path) bool { return slices.Contains(e.ice.remotes, r) })
		}
	}
	e.mu.Unlock()
	if forgotten != nil {
		e.room.port.Release(forgotten.ufrag, forgotten.remotes, e)
	}
	if over {
		return Local{}, ErrClosed
	}
	return Local{Ufrag: g.ufrag, Pwd: g.pwd, Fingerprint: e.fingerprint}, nil
}

// Candidates are the candidate attributes to name to the peer if it came from
// that address, best first.
func (e *Endpoint) Candidates(peer netip.Addr) []string { return e.room.Candidates(peer) }
