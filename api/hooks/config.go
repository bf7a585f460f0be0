package hooks

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/journal"
)

const (
	// MaxHooks bounds what a configuration may name: each has MaxParallel
	// connections or processes at most.
	MaxHooks = 32
	// MaxParallel bounds a hook's lanes.
	MaxParallel = 64
	// DefaultParallel is enough for a stream whose events are not taken not to keep
	// many others waiting.
	DefaultParallel = 4
	// DefaultTimeout is what a receiver has for one event.
	DefaultTimeout = 10 * time.Second
	// MaxTimeout bounds what holds the next event of a stream back.
	MaxTimeout = 10 * time.Minute
	// DefaultGiveUp is for how long one event is tried: a receiver that is started
	// anew is back by then, and one event that nobody can take has held the others of
	// its lane up for no longer.
	DefaultGiveUp = 10 * time.Minute
	// MaxGiveUp is a day: what the node keeps does not last longer on a busy one.
	MaxGiveUp = 24 * time.Hour
	// maxName and maxSecret bound texts of the configuration, in bytes.
	maxName   = 64
	maxSecret = 4096
)

// Hook is a receiver of events: one with a URL or one with a Command.
type Hook struct {
	Name string

	URL    string // http or https; it may hold secrets and is never logged
	Secret string // that requests are signed with; empty for none
	Token  string // sent as a bearer; empty for none

	Command []string // the program and its arguments; no shell

	Kinds   []journal.Kind // that it is told; nil is all
	Streams []string       // patterns of those that it is told of, as transmux/access has them; nil is all, and what is about no stream

	Timeout  time.Duration // for one attempt; zero is DefaultTimeout
	GiveUp   time.Duration // after which no attempt is made any more; zero is DefaultGiveUp
	Parallel int           // events of different streams at once; zero is DefaultParallel
}

// LogValue leaves everything out that may be a secret.
func (h Hook) LogValue() slog.Value { return slog.StringValue(h.Name) }

// String leaves everything out that may be a secret, so that no format verb gives it away.
func (h Hook) String() string { return h.Name }

// GoString is String, likewise.
func (h Hook) GoString() string { return h.Name }

// Equal says whether both are the same in all.
func (h *Hook) Equal(other *Hook) bool { return reflect.DeepEqual(h, other) }

// Validate says what cannot be. It quotes nothing that may be a secret.
func (h *Hook) Validate() error {
	if h.Name == "" || len(h.Name) > maxName || strings.ContainsFunc(h.Name, func(c rune) bool { return !nameful(c) }) {
		return fmt.Errorf("a hook's name is of letters, digits, dots, dashes and underscores, %d at most", maxName)
	}
	switch {
	case h.URL == "" && len(h.Command) == 0:
		return errors.New("there is neither a url nor a command")
	case h.URL != "" && len(h.Command) > 0:
		return errors.New("there are a url and a command: make two hooks of it")
	case len(h.Command) > 0 && h.Command[0] == "":
		return errors.New("the command has no program")
	case len(h.Command) > 0 && h.Secret+h.Token != "":
		return errors.New("secret and token are for webhooks: a command needs none")
	case len(h.Secret) > maxSecret || len(h.Token) > maxSecret:
		return fmt.Errorf("secret and token have %d bytes at most", maxSecret)
	case strings.ContainsFunc(h.Token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return errors.New("token has characters that no HTTP header may have")
	}
	if _, err := access.ParsePatterns(h.Streams); err != nil {
		return err
	}
	if h.URL != "" {
		if u, err := url.Parse(h.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("the url must be an http:// or https:// URL")
		} else if u.User != nil && h.Token != "" {
			return errors.New("the url has a user name and there is a token: a request can carry one of them")
		}
	}
	for _, arg := range h.Command {
		if strings.ContainsRune(arg, 0) {
			return errors.New("the command has a zero byte in it")
		}
	}
	return nil
}

func nameful(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

// ParseKinds reads kinds of events: their names, or a group of them as publisher.*
func ParseKinds(texts []string) ([]journal.Kind, error) {
	var list []journal.Kind
	for _, text := range texts {
		group, whole := strings.CutSuffix(text, "*")
		found := false
		for _, kind := range journal.Kinds() {
			if string(kind) == text || whole && strings.HasSuffix(group, ".") && strings.HasPrefix(string(kind), group) {
				found = true
				if !slices.Contains(list, kind) {
					list = append(list, kind)
				}
			}
		}
		if !found {
			var known []string
			for _, kind := range journal.Kinds() {
				known = append(known, string(kind))
			}
			return nil, fmt.Errorf("%q is no kind of event; there are %s, and groups such as publisher.*", text, strings.Join(known, ", "))
		}
	}
	return list, nil
}

func (h *Hook) timeout() time.Duration { return cmp.Or(h.Timeout, DefaultTimeout) }
func (h *Hook) giveUp() time.Duration  { return cmp.Or(h.GiveUp, DefaultGiveUp) }
func (h *Hook) lanes() int             { return cmp.Or(h.Parallel, DefaultParallel) }
