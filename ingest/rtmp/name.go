package rtmp

import (
	"net/url"
	"strings"

	"millrace/transmux/bus"
)

// target is what a publisher asks for: rtmp://host/{app}/{key} is the stream
// {app}/{key}. A query behind either is for the gate, never part of the name.
type target struct{ name, credential string }

// parseTarget reads the app of connect and the key of publish. tcURL stands in
// for an app that is missing, and is the last place to look for a token.
func parseTarget(app, tcURL, key string) target {
	app, appQuery, _ := strings.Cut(app, "?")
	key, keyQuery, _ := strings.Cut(key, "?")
	var urlQuery, login string
	if u, err := url.Parse(tcURL); err == nil {
		urlQuery = u.RawQuery
		if password, _ := u.User.Password(); password != "" {
			login = u.User.Username() + ":" + password
		}
		if app == "" {
			app = u.Path
		}
	}
	var t target
	parts := make([]string, 0, 2)
	for _, part := range []string{app, key} {
		if part = strings.Trim(part, "/"); part != "" {
			parts = append(parts, part)
		}
	}
	t.name = strings.Join(parts, "/")
	for _, query := range []string{keyQuery, appQuery, urlQuery} {
		// What of a query can be read is good enough to look in.
		if t.credential = credentialOf(query); t.credential != "" {
			return t
		}
	}
	t.credential = login
	return t
}

// credentialOf is the query's token, or user and pass with a colon between.
func credentialOf(query string) string {
	values, _ := url.ParseQuery(query)
	if user, pass := values.Get("user"), values.Get("pass"); values.Get("token") == "" && user != "" && pass != "" {
		return user + ":" + pass
	}
	return values.Get("token")
}

// forLog is the name as far as it is one: in what follows a character that no
// name has, somebody may have put a token.
func (t target) forLog() string {
	for i := range t.name {
		if t.name[i] != '/' && bus.ValidName("-"+t.name[i:i+1]) != nil {
			return t.name[:i] + "…"
		}
	}
	return t.name
}
