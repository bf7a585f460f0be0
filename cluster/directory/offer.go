package directory

import (
	"context"
	"encoding/json"
	"errors"
)

const (
	// offerSubject, with a stream's token, is where the nodes listen that can begin it.
	offerSubject = "offer."
	// whereSubject is where all nodes listen.
	whereSubject = "where"
	// maxInquiries bounds how many streams a node asks all others for at once, which
	// is a message to each of them.
	maxInquiries = 4
)

// Offer says that this node can begin a stream which nobody originates, such as a
// source that is fetched on demand. The store holds nothing of it: who asks for the
// stream reaches this node under the stream's own subject, or is told at once that
// there is nobody. Several nodes may offer a stream.
func (d *Directory) Offer(stream string) (withdraw func(), err error) {
	withdraw, err = d.store.Subscribe(d.offerOf(stream), func(m Message) {
		d.mu.Lock()
		p := Place{Stream: stream, Node: d.self.ID, Session: d.self.Session}
		silent := d.self.Draining || d.closed
		if c := d.claims[stream]; c != nil {
			p, silent = c.place, d.closed
		}
		d.mu.Unlock()
		if m.Reply != nil && !silent {
			m.Reply(encode(p))
		}
	})
	if err != nil {
		return nil, wrap(err)
	}
	return withdraw, nil
}

func (d *Directory) offerOf(stream string) string { return offerSubject + d.store.Token(stream) }

// vouch lets a claim that was given on trust be found: the store may answer that
// there is none, until it can be written again.
func (d *Directory) vouch(c *Claim) {
	withdraw, err := d.Offer(c.place.Stream)
	if err != nil {
		return
	}
	d.mu.Lock()
	if c.err == nil && !c.confirmed {
		c.withdraw, withdraw = withdraw, nil
	}
	d.mu.Unlock()
	if withdraw != nil {
		withdraw()
	}
}

// vouchedLocked ends that.
func (c *Claim) vouchedLocked() {
	if withdraw := c.withdraw; withdraw != nil {
		c.withdraw = nil
		c.d.asyncLocked(func(context.Context) { withdraw() })
	}
}

// Offered finds a node that can begin a stream, or gives ErrUnknown: its place has
// no generation yet, unless it has begun. While the directory cannot be reached it tells what it was
// told last.
func (d *Directory) Offered(ctx context.Context, stream string) (Place, error) {
	p, err := d.ask(ctx, d.offerOf(stream), stream)
	if err == nil && p.Generation > 0 {
		d.learn(stream, Entry{Value: encode(p)}, true)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
		if p.Generation == 0 {
			d.places.spot(stream).offer = p
		}
	case errors.Is(err, ErrNobody):
		if s := d.places.known[stream]; s != nil {
			s.offer = Place{}
		}
	default:
		if s := d.places.known[stream]; s != nil {
			p = s.offer
		}
	}
	if p = d.liveLocked(p); p.Live() {
		return p, nil
	}
	return Place{Stream: stream}, wrap(ErrUnknown)
}

// ask puts a question about a stream to whoever listens under a subject; the answer
// is the place of the one who was first.
func (d *Directory) ask(ctx context.Context, subject, stream string) (Place, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Beat/2)
	defer cancel()
	data, err := d.store.Ask(ctx, subject, encode(question{kindClaim, stream}))
	if err != nil {
		return Place{}, err
	}
	var p Place
	if err := json.Unmarshal(data, &p); err != nil {
		return Place{}, err
	}
	if p.Stream != stream || !p.Live() {
		return Place{}, ErrNobody
	}
	d.mu.Lock()
	known := d.roster.bySession[p.Session] != nil
	d.mu.Unlock()
	if !known {
		d.lookUp(ctx, p.Node)
	}
	return p, nil
}

// inquire asks all nodes for a stream, when the store does not answer: while its
// servers elect who leads they still carry messages.
func (d *Directory) inquire(ctx context.Context, stream string) error {
	select {
	case d.inquiries <- struct{}{}:
		defer func() { <-d.inquiries }()
	default:
		return ErrUnreachable
	}
	p, err := d.ask(ctx, whereSubject, stream)
	if err != nil {
		return err
	}
	d.learn(stream, Entry{Value: encode(p)}, true)
	return nil
}

// testify is the handler of inquiries: who originates the stream answers.
func (d *Directory) testify(m Message) {
	var q question
	if m.Reply == nil || json.Unmarshal(m.Data, &q) != nil || q.Kind != kindClaim {
		return
	}
	d.mu.Lock()
	c := d.claims[q.Name]
	var p Place
	if c != nil {
		p = c.place
	}
	d.mu.Unlock()
	if c != nil && (c.live == nil || c.live()) {
		m.Reply(encode(p))
	}
}
