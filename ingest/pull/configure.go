package pull

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// The causes of a pull's end that a new configuration brings.
var (
	errChanged = errors.New("the configuration has another source of this name now")
	errRemoved = errors.New("the configuration does not have this source any more")
)

// Configure puts other sources in the place of those there are. Those that are the
// same are not touched. One that has changed is fetched anew, and its viewers wait
// for it; one that is gone ends as any publisher does.
func (r *Room) Configure(sources []Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := maps.Clone(r.feeds)
	for _, s := range sources {
		if s.Linger <= 0 {
			s.Linger = DefaultLinger
		}
		delete(gone, s.Name)
		if f := r.feeds[s.Name]; f != nil {
			f.reconfigure(s)
			continue
		}
		f := newFeed(r, s)
		r.feeds[s.Name] = f
		if r.begin != nil {
			r.begin(f)
		}
	}
	for name, f := range gone {
		delete(r.feeds, name)
		r.failed += uint64(f.look().failures)
		f.retire()
	}
}

// feed is the one of that name, nil if there is none.
func (r *Room) feed(name string) *feed {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.feeds[name]
}

// all are the feeds by name.
func (r *Room) all() []*feed {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*feed, 0, len(r.feeds))
	for _, name := range slices.Sorted(maps.Keys(r.feeds)) {
		list = append(list, r.feeds[name])
	}
	return list
}

// same says whether both are fetched from the same place in the same way.
func (s *Source) same(other *Source) bool {
	return s.URL.String() == other.URL.String() && s.Transport == other.Transport
}

// reconfigure gives the feed another source of the same name.
func (f *feed) reconfigure(s Source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.source
	f.source, f.redact = s, newRedactor(s.URL)
	switch {
	case was.OnDemand && !s.OnDemand:
		f.attendLocked()
	case !was.OnDemand && s.OnDemand:
		f.leaveLocked()
	}
	if !s.same(&was) && f.stop != nil {
		f.stop(errChanged)
	}
}

// retire ends a feed whose source is gone; who waits for it hears that there is no
// such stream.
func (f *feed) retire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = true
	if f.goodbye != nil {
		f.goodbye.Stop()
	}
	if f.stop != nil {
		f.stop(errRemoved)
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// now is the source as it is configured at the moment.
func (f *feed) now() (Source, redactor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.source, f.redact
}

// leaveLocked is leave for who holds mu.
func (f *feed) leaveLocked() {
	if f.wanted--; f.wanted == 0 && !f.closed && !f.gone {
		f.goodbye = time.AfterFunc(f.source.Linger, f.abandon)
	}
}
