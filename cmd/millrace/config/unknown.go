package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"millrace/transmux/spelling"
)

// unknownKey says that a key is not there, which one may have been meant, and
// which ones there are beside it.
func unknownKey(key string, settings []setting) error {
	parent := ""
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		parent = key[:i+1]
	}
	known := childrenOf(parent, settings)
	if len(known) == 0 {
		return fmt.Errorf("unknown key %q; there are: %s", key, strings.Join(childrenOf("", settings), ", "))
	}
	text := fmt.Sprintf("unknown key %q", key)
	if near := nearest(key, settings); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return errors.New(text + "; there are: " + strings.Join(known, ", "))
}

// childrenOf lists the keys one step below a path, in the table's order.
func childrenOf(parent string, settings []setting) []string {
	var names []string
	for _, s := range settings {
		rest, ok := strings.CutPrefix(s.path, parent)
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, ".")
		if name = parent + name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// mostSlips is how many slips of the pen still make the same word.
const mostSlips = 3

// nearest is the key that a mistyped one most likely meant, if any is near.
func nearest(key string, settings []setting) string {
	far := func(s setting) int { return spelling.Distance(key, s.path, mostSlips) }
	best := slices.MinFunc(settings, func(a, b setting) int { return cmp.Compare(far(a), far(b)) })
	if far(best) > mostSlips {
		return ""
	}
	return best.path
}

// unknownVariable says the same of a variable of the environment.
func unknownVariable(name string, settings []setting) error {
	variables := make([]setting, len(settings))
	known := make([]string, len(settings))
	for i, s := range settings {
		variables[i].path = EnvName(s.path)
		known[i] = variables[i].path
	}
	text := "unknown variable " + name
	if near := nearest(name, variables); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return errors.New(text + "; there are: " + strings.Join(known, ", "))
}
