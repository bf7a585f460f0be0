package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"millrace/ingest"
	"millrace/ingest/pull"
	"millrace/transmux/bus"
)

const (
	sourcesKey = "sources"
	// maxSourceLinger is more than anybody means by "a while after the last viewer".
	maxSourceLinger = 24 * time.Hour
)

// readSources reads the section: names, each with a URL or with settings. What is
// complained of never quotes a URL, for it may hold a password.
func (c *Config) readSources(node ast.Node, wrong complain) {
	pairs, err := pairsOf(node)
	if err != nil {
		wrong(node.GetToken(), errors.New("there must be a stream's name and a URL in each line: live/door: rtsp://camera/stream"))
		return
	}
	var list []pull.Source
	for _, pair := range pairs {
		at := pair.Key.GetToken()
		name := at.Value
		switch {
		case bus.ValidName(name) != nil:
			wrong(at, fmt.Errorf("%w: %q is to be the stream's name, such as live/door", bus.ErrBadName, name))
			continue
		case slices.ContainsFunc(list, func(s pull.Source) bool { return s.Name == name }):
			wrong(at, fmt.Errorf("%s is there twice", name))
			continue
		case len(list) == pull.MaxSources:
			wrong(at, fmt.Errorf("there are more than %d", pull.MaxSources))
			return
		}
		list = append(list, readSource(name, pair.Value, func(at *token.Token, err error) {
			wrong(at, fmt.Errorf("%s: %w", name, err))
		}))
	}
	c.Sources = list
}

// sourceText is one source as its settings fill it.
type sourceText struct {
	url, transport, user, password, token string
	onDemand                              bool
	linger                                time.Duration
}

func (t *sourceText) settings() []setting {
	return []setting{
		{"url", anyText(&t.url)},
		{"on_demand", boolean(&t.onDemand)},
		{"linger", duration(&t.linger, time.Second, maxSourceLinger)},
		{"transport", oneOf(&t.transport, "auto", "udp", "tcp")},
		{"user", anyText(&t.user)},
		{"password", anyText(&t.password)},
		{"token", anyText(&t.token)},
	}
}

// readSource reads a URL, or the settings of one source.
func readSource(name string, node ast.Node, wrong complain) pull.Source {
	t := sourceText{linger: pull.DefaultLinger}
	at := node.GetToken()
	if plain, err := scalar(node); err == nil {
		t.url = plain
	} else {
		pairs, err := pairsOf(node)
		if err != nil || len(pairs) == 0 {
			wrong(at, errors.New("this must be a URL, or settings of which one is the url"))
			return pull.Source{}
		}
		readPairs(pairs, t.settings(), wrong)
		for _, pair := range pairs {
			if pair.Key.GetToken().Value == "url" {
				at = pair.Value.GetToken()
			}
		}
	}
	u, err := t.address()
	if err != nil {
		wrong(at, err)
		return pull.Source{}
	}
	s := pull.Source{Source: ingest.Source{Name: name, URL: u}, OnDemand: t.onDemand, Linger: t.linger}
	if t.transport != "auto" {
		s.Transport = t.transport
	}
	return s
}

// address is the source's URL with its credentials. url.Parse's errors quote what
// they are about, so they are not passed on.
func (t *sourceText) address() (*url.URL, error) {
	if t.url == "" {
		return nil, errors.New("there is no url")
	}
	u, err := url.Parse(t.url)
	if err != nil {
		return nil, errors.New("this is no URL; user names and passwords that are not plain go into user and password, or are percent-encoded")
	}
	if !slices.Contains(SourceSchemes, u.Scheme) {
		return nil, fmt.Errorf("%q is nothing that can be fetched: the URL begins with %s", u.Scheme+"://", strings.Join(SourceSchemes, "://, ")+"://")
	}
	if u.Hostname() == "" || u.Opaque != "" {
		return nil, errors.New("the URL names no host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("the URL's port is no number from 1 to 65535")
		}
	}
	switch {
	case t.token != "" && (t.user != "" || t.password != "" || u.User != nil):
		return nil, errors.New("token and user name do not go together")
	case t.token != "":
		u.User = url.User(t.token)
	case t.user != "" && u.User != nil:
		return nil, errors.New("the URL has a user name already")
	case t.user != "":
		u.User = url.UserPassword(t.user, t.password)
	case t.password != "":
		return nil, errors.New("password needs a user")
	}
	return u, nil
}

// SourceSchemes are the URLs that can be fetched; pullers has something for each.
var SourceSchemes = []string{"rtsp", "rtsps", "rtmp", "rtmps", "http", "https"}
