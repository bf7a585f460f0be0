package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"millrace/transmux/access"
)

const (
	keysKey  = "auth.keys"
	usersKey = "auth.users"
)

// Auth says who may do what.
type Auth struct {
	Open  *[]access.Action // what needs no credential; nil is not said
	Keys  []access.Key
	Users []access.User
	JWT   struct {
		Secret    string
		PublicKey string // a file's name
		JWKS      string // a URL
		Issuer    string
		Audience  string
		Key       any // what is in the file
	}
	Callback access.CallbackConfig
}

func (c *Auth) defaults() { c.Callback.Timeout = access.DefaultCallbackTimeout }

func (c *Auth) settings() []setting {
	return []setting{
		{"auth.open", func(s string) error {
			list, err := access.ParseActions(s)
			c.Open = &list
			return err
		}},
		{keysKey, inOneLine(c.readKeys)},
		{usersKey, inOneLine(c.readUsers)},
		{"auth.jwt.secret", anyText(&c.JWT.Secret)},
		{"auth.jwt.public_key", anyText(&c.JWT.PublicKey)},
		{"auth.jwt.jwks", anyText(&c.JWT.JWKS)},
		{"auth.jwt.issuer", anyText(&c.JWT.Issuer)},
		{"auth.jwt.audience", anyText(&c.JWT.Audience)},
		{"auth.callback.url", anyText(&c.Callback.URL)},
		{"auth.callback.token", anyText(&c.Callback.Token)},
		{"auth.callback.timeout", duration(&c.Callback.Timeout, 100*time.Millisecond, access.MaxCallbackTimeout)},
	}
}

func (c *Auth) sections(all map[string]section) {
	all[keysKey], all[usersKey] = c.readKeys, c.readUsers
}

// resolve reads what the configuration only names, and says what is wrong.
func (c *Auth) resolve() error {
	ways := 0
	for _, way := range []string{c.JWT.Secret, c.JWT.PublicKey, c.JWT.JWKS} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("auth.jwt: set one of secret, public_key and jwks: tokens are signed by one who gives them out")
	case ways == 0 && c.JWT.Issuer+c.JWT.Audience != "":
		return errors.New("auth.jwt: set secret, public_key or jwks, or tokens cannot be verified")
	}
	if c.JWT.PublicKey != "" {
		raw, err := os.ReadFile(c.JWT.PublicKey)
		if err == nil {
			c.JWT.Key, err = access.ParsePublicKey(raw)
		}
		if err != nil {
			return fmt.Errorf("auth.jwt.public_key: %w", err)
		}
	}
	rules := c.Rules(false)
	if err := rules.Validate(); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	return nil
}

// Said says whether the configuration has a rule.
func (c *Auth) Said() bool {
	rules := c.Rules(false)
	return c.Open != nil || rules.Rules()
}

// Rules are what the settings come to. Where there are none, those who can reach
// loopback may do all, and others watch. Where there are, what is open is said.
func (c *Auth) Rules(private bool) access.Config {
	cfg := access.Config{Keys: c.Keys, Users: c.Users}
	if c.JWT.Secret != "" || c.JWT.Key != nil || c.JWT.JWKS != "" {
		cfg.Token = &access.TokenConfig{
			Secret: c.JWT.Secret, Key: c.JWT.Key, KeySet: c.JWT.JWKS, Issuer: c.JWT.Issuer, Audience: c.JWT.Audience,
		}
	}
	if c.Callback.URL != "" {
		callback := c.Callback
		cfg.Callback = &callback
	}
	switch {
	case c.Open != nil:
		cfg.Open = *c.Open
	case cfg.Rules():
	case private:
		cfg.Open = []access.Action{access.Publish, access.Play, access.Read, access.Admin}
	default:
		cfg.Open = []access.Action{access.Play}
	}
	return cfg
}

func (c *Auth) readKeys(node ast.Node, wrong complain) {
	c.Keys = nil
	readHolders(node, "key", wrong, func(name string, s access.Secret, g access.Grant) {
		c.Keys = append(c.Keys, access.Key{Name: name, Secret: s, Grant: g})
	})
}

func (c *Auth) readUsers(node ast.Node, wrong complain) {
	c.Users = nil
	readHolders(node, "password", wrong, func(name string, s access.Secret, g access.Grant) {
		c.Users = append(c.Users, access.User{Name: name, Secret: s, Grant: g})
	})
}

// readHolders reads names, each with its secret, or with settings of which one is
// the secret. What is complained of never quotes a value, for it may be one.
func readHolders(node ast.Node, secret string, wrong complain, add func(string, access.Secret, access.Grant)) {
	pairs, err := pairsOf(node)
	if err != nil {
		wrong(node.GetToken(), fmt.Errorf("there must be a name and a %s in each line", secret))
		return
	}
	var names []string
	for _, pair := range pairs {
		at := pair.Key.GetToken()
		name := at.Value
		switch {
		case name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }):
			wrong(at, errors.New("a name is of letters, digits and signs other than a colon, 64 at most"))
			continue
		case slices.Contains(names, name):
			wrong(at, fmt.Errorf("%s is there twice", name))
			continue
		}
		names = append(names, name)
		h := holderText{}
		failed := false
		h.read(pair.Value, secret, func(at *token.Token, err error) {
			failed = true
			wrong(at, fmt.Errorf("%s: %w", name, err))
		})
		if !failed {
			add(name, h.secret, h.grant)
		}
	}
}

// holderText is one key or user as its settings fill it.
type holderText struct {
	secret   access.Secret
	grant    access.Grant
	has      bool // a secret
	restrict bool // it is said what is allowed
}

func (h *holderText) settings(secret string) []setting {
	patterns := func(into *[]access.Pattern) func(string) error {
		return func(text string) (err error) {
			h.restrict = true
			*into, err = access.ParsePatterns(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }))
			return err
		}
	}
	right := func(into *bool) func(string) error {
		return func(text string) error { h.restrict = true; return boolean(into)(text) }
	}
	return []setting{
		{secret, func(text string) (err error) {
			h.has = true
			h.secret, err = access.ParseSecret(text)
			return err
		}},
		{"publish", patterns(&h.grant.Publish)},
		{"play", patterns(&h.grant.Play)},
		{"read", right(&h.grant.Read)},
		{"admin", right(&h.grant.Admin)},
		{"expires", func(text string) (err error) {
			if h.grant.Until, err = time.Parse(time.RFC3339, text); err != nil {
				err = errors.New("this is no time: write 2030-12-31T23:59:59Z")
			}
			return err
		}},
	}
}

// read reads a secret, or the settings of one holder. A secret alone is for
// publishing and watching everything.
func (h *holderText) read(node ast.Node, secret string, wrong complain) {
	settings := h.settings(secret)
	if plain, err := scalar(node); err == nil {
		if err := settings[0].set(plain); err != nil {
			wrong(node.GetToken(), err)
		}
	} else {
		h.pairs(node, settings, wrong)
	}
	if !h.has {
		wrong(node.GetToken(), fmt.Errorf("there is no %s", secret))
	}
	if !h.restrict {
		_ = settings[1].set("**") // it is a pattern
		_ = settings[2].set("**")
	}
}

func (h *holderText) pairs(node ast.Node, settings []setting, wrong complain) {
	pairs, err := pairsOf(node)
	if err != nil {
		wrong(node.GetToken(), errors.New("this must be the secret, or settings of which one is the secret"))
		return
	}
	readPairs(pairs, settings, wrong)
}
