package config

import (
	"fmt"
	"hash"
	"io"
	"strings"
	"text/tabwriter"

	"millrace/api"
)

// Print tells what is set and what it is not by itself, and where it stands; no
// secrets.
func (r *Reading) Print(w io.Writer) error {
	page := settingsPage()
	out := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	for _, s := range r.settings() {
		g, ok := r.given[s.path]
		if !ok {
			continue
		}
		where := string(g.from)
		switch g.from {
		case fromFile:
			where = g.at
		case fromEnvironment:
			where = EnvName(s.path)
		case fromFlag:
			where = "--" + strings.ReplaceAll(s.path, ".", "-")
		}
		if _, err := fmt.Fprintf(out, "  %s\t%s\t%s\n", s.path, r.shown(s.path, page), where); err != nil {
			return err
		}
	}
	return out.Flush()
}

// shown is a key's value as it may be shown.
func (r *Reading) shown(key string, page map[string]documented) string {
	g, ok := r.given[key]
	if !ok {
		return page[key].fallback
	}
	return masked(key, g.text, r.isSection(key))
}

func (r *Reading) isSection(key string) bool {
	_, is := r.sections()[key]
	return is
}

// Settings are all settings as the API tells them.
func (r *Reading) Settings(live func(key string) bool) []api.Setting {
	page := settingsPage()
	all := r.settings()
	list := make([]api.Setting, len(all))
	for i, s := range all {
		from := fromDefault
		if g, ok := r.given[s.path]; ok {
			from = g.from
		}
		list[i] = api.Setting{
			Key: s.path, Value: r.shown(s.path, page), Source: string(from),
			Default: page[s.path].fallback, About: page[s.path].about, Live: live(s.path),
		}
	}
	return list
}

// Copied names the keys whose values were copied from where secrets are hidden.
func (r *Reading) Copied() (keys []string) {
	for _, s := range r.settings() {
		if g, ok := r.given[s.path]; ok && g.from == fromFile && isMasked(g.text) {
			keys = append(keys, s.path)
		}
	}
	return keys
}

// Digest feeds h, which must be keyed, with every text of the configuration and where it
// is from, secrets included. Its Write must never fail, as those of package hash do.
func (r *Reading) Digest(h hash.Hash) {
	for _, s := range r.settings() {
		g, ok := r.given[s.path]
		_, _ = fmt.Fprintf(h, "%s %t %d %s %s\n", s.path, ok, len(g.text), g.text, g.from)
	}
}
