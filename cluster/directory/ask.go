package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// question is put to a node directly.
type question struct {
	Kind Kind   `json:"kind"` // kindNode: do you live; else: do you hold this
	Name string `json:"name"`
}

type reply struct {
	Holds bool `json:"holds"`
}

// askTries is how often a node is asked that does not answer: its connection to
// the directory may be moving to another server, which takes some tenths of a
// second.
const askTries = 3

func askSubject(s Session) string { return "ask." + s.String() }

// answer is the handler of questions to this node. It does not wait.
func (d *Directory) answer(m Message) {
	var q question
	if m.Reply == nil || json.Unmarshal(m.Data, &q) != nil {
		return
	}
	d.mu.Lock()
	var r reply
	var live func() bool
	switch q.Kind {
	case kindNode:
		r.Holds = true
	case kindClerk:
		r.Holds = d.clerk.mine
	case kindClaim:
		if c := d.claims[q.Name]; c != nil {
			r.Holds, live = true, c.live
		}
	}
	d.mu.Unlock()
	if r.Holds && live != nil {
		r.Holds = live()
	}
	m.Reply(encode(r))
}

// holds asks the node that a place names whether it is so. A node that is known
// to be dead, or shows to be, holds nothing; one that may live holds what it
// held.
func (d *Directory) holds(ctx context.Context, p Place, q question) bool {
	d.mu.Lock()
	known := d.roster.bySession[p.Session] != nil
	d.mu.Unlock()
	if !known {
		d.lookUp(ctx, p.Node)
	}
	d.mu.Lock()
	n := d.roster.bySession[p.Session]
	d.mu.Unlock()
	if n == nil {
		return false
	}
	holds, alive := d.question(ctx, n.Node, q)
	return alive && holds
}

// question asks a node, and whoever else may know whether it lives. Nothing is
// certain of a node that does not answer; alive is false when it would be unwise
// to wait for it any longer.
func (d *Directory) question(ctx context.Context, n Node, q question) (holds, alive bool) {
	pause := 3 * d.cfg.Beat / 10
	for try := range askTries {
		if try > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return true, true
			}
		}
		once, cancel := context.WithTimeout(ctx, d.cfg.Beat/2)
		data, err := d.store.Ask(once, askSubject(n.Session), encode(q))
		cancel()
		var r reply
		if err == nil && json.Unmarshal(data, &r) == nil {
			return r.Holds, true
		}
		away := errors.Is(err, ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded)
		if _, cause := d.store.Online(); cause != nil || away || ctx.Err() != nil {
			return true, true // it is we who are cut off
		}
		if d.cfg.Probe == nil {
			continue
		}
		once, cancel = context.WithTimeout(ctx, d.cfg.Beat/2)
		err = d.cfg.Probe(once, n)
		cancel()
		if err == nil {
			return true, true // it lives, and the directory is what it lost
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			return false, false // its machine says that there is no such process
		}
	}
	return false, false
}

// bury strikes a node out of the directory, for everybody, if it does not answer.
func (d *Directory) bury(ctx context.Context, key string) {
	d.mu.Lock()
	p := d.roster.byKey[key]
	if p == nil || d.clerk.burying[p.Session] || p.Session == d.self.Session {
		d.mu.Unlock()
		return
	}
	d.clerk.burying[p.Session] = true
	n := p.Node
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.clerk.burying, n.Session)
		d.mu.Unlock()
	}()
	if _, alive := d.question(ctx, n, question{Kind: kindNode}); alive {
		d.mu.Lock()
		d.clerk.heard(n.Session, time.Now())
		d.mu.Unlock()
		return
	}
	e, err := d.get(ctx, kindNode, n.ID)
	if err != nil {
		return // the clerk tries again with the next beat
	}
	var said record
	if e.Value == nil || json.Unmarshal(e.Value, &said) != nil || said.Session != n.Session || said.Gone {
		d.meet(e)
		return
	}
	said.Gone = true
	revision, err := d.write(ctx, kindNode, n.ID, encode(said), e.Revision)
	if err == nil {
		d.meet(Entry{Key: e.Key, Value: encode(said), Revision: revision})
	}
}
