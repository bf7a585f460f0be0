package wire

import (
	"fmt"
	"slices"

	"millrace/transmux/bus"
)

func (m *Hello) check() error {
	if m.Child.Node == "" || !m.Child.sane() {
		return fmt.Errorf("%w: hello without a node", ErrMalformed)
	}
	if len(m.Have) > maxHave {
		return fmt.Errorf("%w: hello with %d positions", ErrMalformed, len(m.Have))
	}
	m.Trace = short(m.Trace)
	return bus.ValidName(m.Stream)
}

func (m *Welcome) check() error { return checkPath(m.Path) }
func (m *Path) check() error    { return checkPath(m.Path) }

func checkPath(path []Hop) error {
	if len(path) == 0 || !saneHops(path, maxHops) {
		return fmt.Errorf("%w: a path of %d", ErrMalformed, len(path))
	}
	return nil
}

func (m *Refusal) check() error {
	m.Text = short(m.Text)
	m.Reason = short(m.Reason)
	if !saneHops(m.Try, maxTry) {
		return fmt.Errorf("%w: refusal", ErrMalformed)
	}
	return nil
}

func (m *Move) check() error {
	m.Text = short(m.Text)
	if !saneHops(m.Try, maxTry) {
		return fmt.Errorf("%w: move", ErrMalformed)
	}
	return nil
}

func (m *Catalog) check() error {
	if len(m.Channels) > maxTracks {
		return fmt.Errorf("%w: %d tracks", ErrMalformed, len(m.Channels))
	}
	p := &m.Publisher
	p.Protocol, p.Remote, p.Encoder = short(p.Protocol), short(p.Remote), short(p.Encoder)
	seen := make(map[uint32]bool, len(m.Channels))
	for i := range m.Channels {
		c := &m.Channels[i]
		if err := c.check(); err != nil {
			return err
		}
		if seen[c.Track.ID] {
			return fmt.Errorf("%w: track %d twice", ErrMalformed, c.Track.ID)
		}
		seen[c.Track.ID] = true
	}
	return nil
}

func (m *Describe) check() error { return m.Channel.check() }

func (c *Channel) check() error {
	t := &c.Track
	if t.ID == 0 || codecOf(t.Codec) == 0 || len(t.Config) > maxConfigs {
		return fmt.Errorf("%w: track %d of codec %.20q", ErrMalformed, t.ID, t.Codec)
	}
	size := 0
	for _, c := range t.Config {
		size += len(c)
	}
	if size > maxConfig || t.Width < 0 || t.Height < 0 || t.SampleRate < 0 || t.Channels < 0 {
		return fmt.Errorf("%w: track %d", ErrMalformed, t.ID)
	}
	t.Profile, t.Rendition = short(t.Profile), short(t.Rendition)
	return nil
}

func (*Keyframe) check() error { return nil }
func (*Wait) check() error     { return nil }

func (m *Want) check() error {
	if len(m.Sets) > maxWants {
		return fmt.Errorf("%w: %d wishes", ErrMalformed, len(m.Sets))
	}
	for _, s := range m.Sets {
		if len(s.Codecs) > maxWants {
			return fmt.Errorf("%w: a wish for %d codecs", ErrMalformed, len(s.Codecs))
		}
	}
	return nil
}

func (m *End) check() error { m.Text = short(m.Text); return nil }

func (m *Status) check() error { return checkNodes(m.Nodes) }

func (m *Query) check() error { return bus.ValidName(m.Stream) }

func (m *Tree) check() error {
	if !saneHops(m.Path, maxHops) {
		return fmt.Errorf("%w: tree", ErrMalformed)
	}
	return checkNodes(m.Nodes)
}

func checkNodes(nodes []NodeStatus) error {
	if len(nodes) > maxNodes {
		return fmt.Errorf("%w: a tree of %d", ErrMalformed, len(nodes))
	}
	for i := range nodes {
		if n := &nodes[i]; n.Node == "" || len(n.Node) > maxText || len(n.Parent) > maxText || len(n.Region) > maxText || n.Hops < 0 {
			return fmt.Errorf("%w: tree", ErrMalformed)
		}
	}
	return nil
}

func saneHops(hops []Hop, most int) bool {
	return len(hops) <= most && !slices.ContainsFunc(hops, func(h Hop) bool { return !h.sane() })
}

func (h *Hop) sane() bool {
	return h.Node != "" && len(h.Node) <= maxText && len(h.Region) <= maxText && len(h.Relay) <= 8 &&
		!slices.ContainsFunc(h.Relay, func(a string) bool { return len(a) > maxText })
}

// short cuts words for people to what a log line takes.
func short(s string) string { return s[:min(len(s), maxText)] }
