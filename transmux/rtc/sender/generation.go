package sender

import (
	"slices"
	"strings"

	"millrace/transmux/rtc/port"
)

// maxRemotes bounds the addresses that are kept of one peer in a generation: a
// phone has three or four, each with IPv4 and IPv6, and TCP beside UDP.
const maxRemotes = 16

// generation is one run of ICE: from an offer, or from a restart, to the next
// restart (RFC 8445 section 9). What changes is guarded by Endpoint.mu.
type generation struct {
	ufrag, pwd string      // ours
	peer       Remote      // its ICE credentials; no ufrag until they are known
	remotes    []port.Path // that have proved themselves, without our side
	nominated  bool
}

func newGeneration(peer Remote) *generation {
	return &generation{ufrag: token(6), pwd: token(18), peer: peer}
}

// generationOf finds whose check it is by its USERNAME ("ours:theirs", RFC 8445
// section 7.2.2); nil if nobody's.
func (e *Endpoint) generationOf(username string) *generation {
	ours, theirs, _ := strings.Cut(username, ":")
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range []*generation{e.ice, e.next} {
		if g != nil && g.ufrag == ours && g.peer.Ufrag != "" && g.peer.Ufrag == theirs {
			return g
		}
	}
	return nil
}

// learn takes a path that has proved itself. Of too many the one is forgotten
// that was learnt first and is not in use.
func (e *Endpoint) learn(g *generation, path port.Path) {
	remote := path.Peer()
	used := e.path.Load()
	var forgotten []port.Path
	e.mu.Lock()
	if !slices.Contains(g.remotes, remote) {
		if len(g.remotes) == maxRemotes {
			i := 0
			if used != nil && g.remotes[0] == used.Peer() {
				i = 1
			}
			forgotten = append(forgotten, g.remotes[i])
			g.remotes = slices.Delete(slices.Clone(g.remotes), i, i+1)
		}
		g.remotes = append(g.remotes, remote)
	}
	e.mu.Unlock()
	e.room.port.Release("", forgotten, e)
	// Each time: the address may have been somebody else's meanwhile.
	e.room.port.Bind(remote, e)
	if e.closed.Load() { // meanwhile: its end did not find this one
		e.room.port.Release("", []port.Path{remote}, e)
	}
}

// settle makes the nominated path the one that media takes. With the first one of
// a restart the generation before is over.
func (e *Endpoint) settle(g *generation, path port.Path) {
	e.mu.Lock()
	if g != e.ice && g != e.next {
		e.mu.Unlock()
		return // a restart was quicker
	}
	g.nominated = true
	var old *generation
	if g == e.next {
		old, e.ice, e.next = e.ice, g, nil
		old.remotes = slices.DeleteFunc(old.remotes, func(r port.Path) bool { return slices.Contains(g.remotes, r) })
	}
	e.mu.Unlock()
	e.use(path)
	if old != nil {
		e.room.port.Release(old.ufrag, old.remotes, e)
	}
}

// use makes the path the one that media takes.
func (e *Endpoint) use(path port.Path) {
	if old := e.path.Load(); old == nil || *old != path {
		e.path.Store(&path)
	}
}
