package config

import (
	"fmt"
	"reflect"

	"millrace/api"
)

// Changes are the keys that two readings differ in, in the table's order. How a
// value is written does not matter: 60s is 1m.
func Changes(old, now *Reading) []api.SettingChange {
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
func (r *Reading) compose(key string, other given, has bool) Config {
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
