package access

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

const (
	// MaxHolders bounds keys and users: a wrong key is compared with all of them.
	MaxHolders = 1000
	// MaxSlowKeys bounds keys that are kept as slow hashes: a wrong key costs all of
	// them. Keys made at random need no slow hash; sha256: does for them.
	MaxSlowKeys = 8
	// LeastKey is what a key must have at least, in characters, where its text is
	// kept: keys have no user's name beside them.
	LeastKey = 8
)

// Config is the rules. The zero value lets nobody do anything.
type Config struct {
	Open     []Action // what needs no credential
	Keys     []Key
	Users    []User
	Token    *TokenConfig
	Callback *CallbackConfig
}

// Key is a credential by itself.
type Key struct {
	Name   string // for logs
	Secret Secret
	Grant  Grant
}

// User is a name and a password.
type User struct {
	Name   string
	Secret Secret
	Grant  Grant
}

// Rules says whether there are any, but for what is open.
func (c *Config) Rules() bool {
	return len(c.Keys) > 0 || len(c.Users) > 0 || c.Token != nil || c.Callback != nil
}

// Validate says what cannot be.
func (c *Config) Validate() error {
	slow := 0
	for i := range c.Keys {
		k := &c.Keys[i]
		if k.Secret.Slow() {
			slow++
		}
		if k.Secret.Short(LeastKey) {
			return fmt.Errorf("the key %s has fewer than %d characters: anybody guesses it", k.Name, LeastKey)
		}
	}
	switch {
	case slow > MaxSlowKeys:
		return fmt.Errorf("more than %d keys are kept as slow hashes: for keys made at random use sha256: (millrace hash --new-key)", MaxSlowKeys)
	case len(c.Keys) > MaxHolders, len(c.Users) > MaxHolders:
		return fmt.Errorf("there are more than %d keys or users: let an application give out signed tokens", MaxHolders)
	case c.Token != nil:
		if err := c.Token.validate(); err != nil {
			return err
		}
	}
	if c.Callback != nil {
		return c.Callback.validate()
	}
	return nil
}

// webAddress says what is wrong with a URL; it does not quote it, for it may hold a
// password.
func webAddress(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("this must be an http:// or https:// URL")
	}
	return nil
}

// rules are a configuration at work.
type rules struct {
	open     [actions]bool
	keys     []*Key
	slowKeys []*Key
	users    map[string]*User
	// nobody is compared with where there is no such user, so that the time does
	// not tell who is one.
	nobody   Secret
	token    *verifier
	callback *caller
	recent   *recent
}

func newRules(cfg Config, room *Room) *rules {
	r := &rules{users: make(map[string]*User, len(cfg.Users)), recent: newRecent()}
	for _, a := range cfg.Open {
		r.open[a] = true
	}
	r.open[Read] = r.open[Read] || r.open[Admin]
	for i := range cfg.Keys {
		k := &cfg.Keys[i]
		if k.Secret.Slow() {
			r.slowKeys = append(r.slowKeys, k)
		} else {
			r.keys = append(r.keys, k)
		}
	}
	for i := range cfg.Users {
		u := &cfg.Users[i]
		r.users[u.Name] = u
		if u.Secret.Slow() {
			r.nobody = u.Secret
		}
	}
	if cfg.Token != nil {
		r.token = newVerifier(*cfg.Token, room)
	}
	if cfg.Callback != nil {
		r.callback = newCaller(*cfg.Callback, room)
	}
	return r
}

func (r *rules) close() {
	if r.callback != nil {
		r.callback.close()
	}
	if r.token != nil {
		r.token.close()
	}
}

// holder is a key's or user's identity.
func (g *Grant) holder(name string) *identity {
	return &identity{grant: g, permit: Permit{Until: g.Until, Holder: name}}
}

// clockSkew is how far clocks of those who sign tokens may be off.
const clockSkew = 5 * time.Second
