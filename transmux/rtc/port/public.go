package port

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// lookupInterval is how soon a changed address of a host name is noticed.
	lookupInterval = time.Minute
	// lookupTimeout is how long a start waits for names at most.
	lookupTimeout = 5 * time.Second
	// maxPerName bounds what one name adds to every answer.
	maxPerName = 4
)

// public are the addresses that were configured to be named: what is written as
// an address stays, names are looked up.
type public struct {
	log     *slog.Logger
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	entries []entry // changed only by refresh, which is one goroutine's at a time
	known   atomic.Pointer[[]netip.Addr]
}

// entry is one of the configured.
type entry struct {
	name   string // empty where an address was configured
	addrs  []netip.Addr
	failed bool
}

// newPublic looks the names up once.
func newPublic(cfg Config, log *slog.Logger) *public {
	p := &public{log: log, lookup: cfg.Lookup}
	if p.lookup == nil {
		p.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	for _, text := range cfg.Public {
		if addr, err := netip.ParseAddr(text); err == nil {
			p.entries = append(p.entries, entry{addrs: []netip.Addr{addr.Unmap()}})
		} else {
			p.entries = append(p.entries, entry{name: text})
		}
	}
	p.refresh(context.Background())
	return p
}

// addrs are the ones that are known, in the order in which they were configured.
func (p *public) addrs() []netip.Addr { return *p.known.Load() }

// keep looks the names up again until the context ends.
func (p *public) keep(ctx context.Context) {
	if !slices.ContainsFunc(p.entries, func(e entry) bool { return e.name != "" }) {
		return
	}
	ticker := time.NewTicker(lookupInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// refresh looks all names up. One that cannot be found keeps what it had.
func (p *public) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	var all []netip.Addr
	for i := range p.entries {
		e := &p.entries[i]
		if e.name != "" {
			p.resolve(ctx, e)
		}
		for _, addr := range e.addrs {
			if !slices.Contains(all, addr) {
				all = append(all, addr)
			}
		}
	}
	p.known.Store(&all)
}

// resolve looks one name up and says what is new about it.
func (p *public) resolve(ctx context.Context, e *entry) {
	found, err := p.lookup(ctx, e.name)
	var addrs []netip.Addr
	for _, addr := range found {
		if addr = addr.Unmap().WithZone(""); !addr.IsUnspecified() && !addr.IsMulticast() {
			addrs = append(addrs, addr)
		}
	}
	if err != nil || len(addrs) == 0 {
		if !e.failed && ctx.Err() != context.Canceled {
			p.log.Warn("a public host name has no address; what was known stays", "name", e.name, "known", e.addrs, "error", err)
		}
		e.failed = true
		return
	}
	// Resolvers turn the list round at each answer; peers want IPv4 first anyway.
	slices.SortFunc(addrs, netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	addrs = addrs[:min(len(addrs), maxPerName)]
	if e.failed = false; !slices.Equal(addrs, e.addrs) {
		p.log.Info("public host name", "name", e.name, "addresses", addrs)
		e.addrs = addrs
	}
}
