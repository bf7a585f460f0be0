package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"millrace/api/hooks"
)

const hooksKey = "hooks"

// Hooks says who is told what happens.
type Hooks struct{ List []hooks.Hook }

// set takes the section from an environment variable.
func (c *Hooks) set(text string) error {
	c.List = nil // an empty variable is none, whatever the file has
	return inOneLine(c.read)(text)
}

func (c *Hooks) sections(all map[string]section) { all[hooksKey] = c.read }

// read reads the section: names, each with a URL, a command, or settings. What is
// complained of never quotes a value, for it may be a secret.
func (c *Hooks) read(node ast.Node, wrong complain) {
	c.List = nil
	pairs, err := pairsOf(node)
	if err != nil {
		wrong(node.GetToken(), errors.New("there must be a name and a URL or a command in each line: app: https://app.example/millrace"))
		return
	}
	for _, pair := range pairs {
		at := pair.Key.GetToken()
		name := at.Value
		switch {
		case slices.ContainsFunc(c.List, func(h hooks.Hook) bool { return h.Name == name }):
			wrong(at, fmt.Errorf("%s is there twice", name))
			continue
		case len(c.List) == hooks.MaxHooks:
			wrong(at, fmt.Errorf("there are more than %d", hooks.MaxHooks))
			return
		}
		c.List = append(c.List, readHook(name, pair.Value, func(at *token.Token, err error) {
			wrong(at, fmt.Errorf("%s: %w", name, err))
		}))
	}
}

// CommandBesides is the name of a hook with a command that is not among those; ""
// for none.
func (c *Hooks) CommandBesides(known *Hooks) string {
	for _, h := range c.List {
		if len(h.Command) > 0 && !slices.ContainsFunc(known.List, func(k hooks.Hook) bool { return slices.Equal(k.Command, h.Command) }) {
			return h.Name
		}
	}
	return ""
}

// hookSettings tie the keys of one hook to their places, but for its command.
func hookSettings(h *hooks.Hook) []setting {
	return []setting{
		{"url", anyText(&h.URL)},
		{"command", func(text string) error { h.Command = strings.Fields(text); return nil }},
		{"secret", anyText(&h.Secret)},
		{"token", anyText(&h.Token)},
		{"events", func(text string) (err error) {
			h.Kinds, err = hooks.ParseKinds(commaList(text))
			return err
		}},
		{"streams", func(text string) error { h.Streams = commaList(text); return nil }},
		{"timeout", duration(&h.Timeout, 100*time.Millisecond, hooks.MaxTimeout)},
		{"give_up", duration(&h.GiveUp, time.Second, hooks.MaxGiveUp)},
		{"parallel", count(&h.Parallel, 1, hooks.MaxParallel)},
	}
}

// readHook reads a URL, a list that is a command, or the settings of one hook.
func readHook(name string, node ast.Node, wrong complain) hooks.Hook {
	h := hooks.Hook{Name: name}
	failed := false
	complain := func(at *token.Token, err error) {
		failed = true
		wrong(at, err)
	}
	if plain, err := scalar(node); err == nil {
		h.URL = plain
	} else if _, ok := node.(*ast.SequenceNode); ok {
		readCommand(&h, node, complain)
	} else if pairs, err := pairsOf(node); err == nil {
		readHookPairs(&h, pairs, complain)
	} else {
		complain(node.GetToken(), errors.New("this must be a URL, a command as a list, or settings of which one is url or command"))
	}
	if !failed {
		if err := h.Validate(); err != nil {
			wrong(node.GetToken(), err)
		}
	}
	return h
}

func readHookPairs(h *hooks.Hook, pairs []*ast.MappingValueNode, wrong complain) {
	settings := hookSettings(h)
	for _, pair := range pairs {
		key := pair.Key.GetToken()
		if _, isList := pair.Value.(*ast.SequenceNode); isList && key.Value == "command" {
			readCommand(h, pair.Value, wrong)
			continue
		}
		readPairs([]*ast.MappingValueNode{pair}, settings, wrong)
	}
}

// readCommand reads a command whose arguments may have blanks and commas.
func readCommand(h *hooks.Hook, node ast.Node, wrong complain) {
	for _, item := range node.(*ast.SequenceNode).Values {
		arg, err := scalar(item)
		if err != nil {
			wrong(item.GetToken(), errors.New("command: each item must be one argument"))
			return
		}
		h.Command = append(h.Command, arg)
	}
}
