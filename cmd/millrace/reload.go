package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"millrace/api"
	"millrace/transmux/journal"
)

// part is something of the gateway that takes new settings while it runs.
type part struct {
	keys []string // that it takes; one that ends in a dot is all below it
	// prepare makes ready whatever can fail; commit puts it in force and cannot. A
	// nil commit means that there is nothing to do.
	prepare func(old, now *Config) (commit func(), err error)
}

// takes says whether a key is one of the part's.
func (p *part) takes(key string) bool {
	for _, k := range p.keys {
		if k == key || strings.HasSuffix(k, ".") && strings.HasPrefix(key, k) {
			return true
		}
	}
	return false
}

// errRestart marks a configuration that only a restart can put in force.
var errRestart = errors.New("this cannot be changed without a restart")

// reloader puts a new configuration in force, all of it or nothing.
type reloader struct {
	g     *gateway
	parts []part
	tag   [32]byte // the key of entity tags, which must not tell of secrets

	mu  sync.Mutex // one reload after the other
	in  *inputs    // nil where nothing was read
	now *reading
	// done and refused count what came of it.
	done, refused uint64
}

func newReloader(g *gateway, cfg Config) *reloader {
	r := &reloader{g: g, now: &reading{Config: cfg}}
	_, _ = rand.Read(r.tag[:]) // never fails
	return r
}

// counts are how often it was put in force, and refused.
func (r *reloader) counts() (done, refused uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done, r.refused
}

// add lets a part take new settings; before the gateway runs.
func (r *reloader) add(prepare func(old, now *Config) (commit func(), err error), keys ...string) {
	r.parts = append(r.parts, part{keys, prepare})
}

// begin says where the present configuration was read from.
func (r *reloader) begin(in *inputs, now *reading) { r.in, r.now = in, now }

// live says whether a key can be changed without a restart.
func (r *reloader) live(key string) bool {
	for i := range r.parts {
		if r.parts[i].takes(key) {
			return true
		}
	}
	return false
}

// serve reloads whenever it is told to, until ctx ends.
func (r *reloader) serve(ctx context.Context, told <-chan os.Signal) error {
	for {
		select {
		case <-told:
			r.again()
		case <-ctx.Done():
			return nil
		}
	}
}

// again reads everything anew, and says in the log what came of it.
func (r *reloader) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.in == nil {
		return
	}
	next, err := r.in.read()
	if err == nil {
		_, err = r.apply(next, "SIGHUP", nil)
	}
	if err != nil {
		r.refused++
		for line := range strings.SplitSeq(err.Error(), "\n") {
			r.g.log.Error("configuration not reloaded, and nothing changed", "cause", line)
		}
	}
}

// apply puts a configuration in force, or says why not; first is what is done
// before that, and may still fail.
func (r *reloader) apply(next *reading, by string, first func() error) ([]api.SettingChange, error) {
	list := changes(r.now, next)
	var fixed []string
	for _, c := range list {
		if !r.live(c.Key) {
			fixed = append(fixed, c.Key)
		}
	}
	if len(fixed) > 0 {
		return nil, fmt.Errorf("%w: %s", errRestart, strings.Join(fixed, ", "))
	}
	var commits []func()
	for i := range r.parts {
		commit, err := r.parts[i].prepare(&r.now.Config, &next.Config)
		if err != nil {
			return nil, err
		}
		if commit != nil {
			commits = append(commits, commit)
		}
	}
	if first != nil {
		if err := first(); err != nil {
			return nil, err
		}
	}
	for _, commit := range commits {
		commit()
	}
	r.now = next
	r.done++
	for _, c := range list {
		r.g.log.Info("setting changed", "key", c.Key, "old", c.Old, "new", c.New)
	}
	r.g.log.Info("configuration reloaded", "by", by, "changed", len(list))
	r.g.journal.Tell(journal.Event{Kind: journal.ConfigReloaded, Cause: by, Detail: names(list)})
	return list, nil
}

// etagLocked changes with every text of the configuration, secrets included.
func (r *reloader) etagLocked() string {
	h := hmac.New(sha256.New, r.tag[:])
	for _, s := range r.now.settings() {
		g, ok := r.now.given[s.path]
		_, _ = fmt.Fprintf(h, "%s %t %d %s %s\n", s.path, ok, len(g.text), g.text, g.from) // never fails
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}
