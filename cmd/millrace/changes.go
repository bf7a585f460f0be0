package main

import (
	"fmt"
	"reflect"
	"strings"

	"millrace/api"
)

// changes are the keys that two readings differ in, in the table's order. How a
// value is written does not matter: 60s is 1m.
func changes(old, now *reading) []api.SettingChange {
	page := settingsPage()
	var list []api.SettingChange
	before := old.compose("", given{}, false)
	for _, s := range before.settings() {
		was, had := old.given[s.path]
		is, has := now.given[s.path]
		if had == has && was.text == is.text {
			continue
		}
		after := old.compose(s.path, is, has)
		if reflect.DeepEqual(before, after) {
			continue
		}
		change := api.SettingChange{Key: s.path, Old: old.shown(s.path, page), New: now.shown(s.path, page)}
		if change.Old == change.New {
			change.New += " (another one)" // of a secret only that may be said
		}
		list = append(list, change)
	}
	return list
}

// compose is the configuration that a reading's texts come to, with another text
// for one of the keys, or without it.
func (r *reading) compose(key string, other given, has bool) Config {
	c := Defaults()
	for _, s := range c.settings() {
		g, ok := r.given[s.path]
		if s.path == key {
			g, ok = other, has
		}
		if !ok {
			continue
		}
		if err := s.set(g.text); err != nil {
			panic(fmt.Sprintf("%s was read once, and not again", s.path)) // the error may hold a secret
		}
	}
	return c
}

// shown is a key's value as it may be shown.
func (r *reading) shown(key string, page map[string]documented) string {
	g, ok := r.given[key]
	if !ok {
		return page[key].fallback
	}
	return masked(key, g.text, r.isSection(key))
}

func (r *reading) isSection(key string) bool {
	_, is := r.sections()[key]
	return is
}

// settingsOf are all settings as the API tells them.
func (r *reading) settingsOf(live func(key string) bool) []api.Setting {
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

// copied names the keys whose values were copied from where secrets are hidden.
func (r *reading) copied() (keys []string) {
	for _, s := range r.settings() {
		if g, ok := r.given[s.path]; ok && g.from == fromFile && isMasked(g.text) {
			keys = append(keys, s.path)
		}
	}
	return keys
}

// names joins keys for people.
func names(list []api.SettingChange) string {
	keys := make([]string, len(list))
	for i, c := range list {
		keys[i] = c.Key
	}
	return strings.Join(keys, ", ")
}
