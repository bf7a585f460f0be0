// Package reload puts another configuration in force while the gateway runs, all of it or
// nothing: the file, when a signal comes, or a text that an administrator has sent.
//
// cmd/millrace makes a Reloader and adds to it each part of the gateway that takes new
// settings; api shows what is in force and hands over what is sent. It must not know
// what the parts do with their settings.
package reload

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/transmux/journal"
)

// part is something of the gateway that takes new settings while it runs.
type part struct {
	keys []string // that it takes; one that ends in a dot is all below it
	// prepare makes ready whatever can fail; commit puts it in force and cannot. A
	// nil commit means that there is nothing to do.
	prepare func(old, now *config.Config) (commit func(), err error)
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

// Reloader puts a new configuration in force, all of it or nothing.
type Reloader struct {
	journal *journal.Journal
	log     *slog.Logger

	parts []part
	tag   [32]byte // the key of entity tags, which must not tell of secrets

	mu  sync.Mutex     // one reload after the other
	in  *config.Inputs // nil where nothing was read
	now *config.Reading
	// done and refused count what came of it.
	done, refused uint64
}

// New makes one for a gateway that runs by cfg. The journal and the log are told of every
// change. It puts nothing in force before Begin has said where cfg comes from.
func New(cfg config.Config, j *journal.Journal, log *slog.Logger) *Reloader {
	r := &Reloader{journal: j, log: log, now: &config.Reading{Config: cfg}}
	_, _ = rand.Read(r.tag[:]) // never fails
	return r
}

// Counts are how often it was put in force, and refused.
func (r *Reloader) Counts() (done, refused uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done, r.refused
}

// Add lets a part take new settings, of those keys; before the gateway runs. prepare makes
// ready whatever can fail, and commit, nil for nothing to do, puts it in force.
func (r *Reloader) Add(prepare func(old, now *config.Config) (commit func(), err error), keys ...string) {
	r.parts = append(r.parts, part{keys, prepare})
}

// Begin says where the present configuration was read from.
func (r *Reloader) Begin(in *config.Inputs, now *config.Reading) { r.in, r.now = in, now }

// live says whether a key can be changed without a restart.
func (r *Reloader) live(key string) bool {
	for i := range r.parts {
		if r.parts[i].takes(key) {
			return true
		}
	}
	return false
}

// Serve reloads whenever it is told to, until ctx ends.
func (r *Reloader) Serve(ctx context.Context, told <-chan os.Signal) error {
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
func (r *Reloader) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.in == nil {
		return
	}
	next, err := r.in.Read()
	if err == nil {
		_, err = r.apply(next, "SIGHUP", nil)
	}
	if err != nil {
		r.refused++
		for line := range strings.SplitSeq(err.Error(), "\n") {
			r.log.Error("configuration not reloaded, and nothing changed", "cause", line)
		}
	}
}

// apply puts a configuration in force, or says why not; first is what is done
// before that, and may still fail.
func (r *Reloader) apply(next *config.Reading, by string, first func() error) ([]api.SettingChange, error) {
	list := config.Changes(r.now, next)
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
		r.log.Info("setting changed", "key", c.Key, "old", c.Old, "new", c.New)
	}
	r.log.Info("configuration reloaded", "by", by, "changed", len(list))
	r.journal.Tell(journal.Event{Kind: journal.ConfigReloaded, Cause: by, Detail: names(list)})
	return list, nil
}

// names joins keys for people.
func names(list []api.SettingChange) string {
	keys := make([]string, len(list))
	for i, c := range list {
		keys[i] = c.Key
	}
	return strings.Join(keys, ", ")
}

// etagLocked changes with every text of the configuration, secrets included.
func (r *Reloader) etagLocked() string {
	h := hmac.New(sha256.New, r.tag[:])
	r.now.Digest(h)
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}
