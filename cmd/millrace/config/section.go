package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// complain takes what is wrong, and where.
type complain func(*token.Token, error)

// section reads what is below a setting that is more than text.
type section func(node ast.Node, wrong complain)

// inOneLine takes a section from an environment variable, as YAML in one line.
func inOneLine(read section) func(string) error {
	return func(text string) error {
		tree, err := parser.ParseBytes([]byte(text), 0)
		if err != nil {
			var at yaml.Error
			if errors.As(err, &at) {
				return errors.New(at.GetMessage()) // the whole error would print the text
			}
			return errors.New("this is no YAML")
		}
		var errs []error
		wrong := func(_ *token.Token, err error) { errs = append(errs, err) }
		read(&ast.NullNode{}, wrong) // nothing is something: it replaces the file's
		for _, doc := range tree.Docs {
			if doc.Body != nil {
				read(doc.Body, wrong)
			}
		}
		return errors.Join(errs...)
	}
}

// pairsOf are a section's lines; a section that is empty has none.
func pairsOf(node ast.Node) ([]*ast.MappingValueNode, error) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	case *ast.NullNode, *ast.CommentGroupNode:
		return nil, nil
	case *ast.StringNode:
		if n.Value == "" {
			return nil, nil
		}
	}
	return nil, errors.New("no keys")
}

// readPairs applies a section's lines to settings of which each path is one word.
func readPairs(pairs []*ast.MappingValueNode, settings []setting, wrong complain) {
	for _, pair := range pairs {
		key := pair.Key.GetToken()
		i := slices.IndexFunc(settings, func(s setting) bool { return s.path == key.Value })
		if i < 0 {
			wrong(key, unknownKey(key.Value, settings))
			continue
		}
		text, err := joined(pair.Value)
		if err == nil {
			err = settings[i].set(text)
		}
		if err != nil {
			wrong(pair.Value.GetToken(), fmt.Errorf("%s: %w", key.Value, err))
		}
	}
}

// joined is the text of a plain value, or of a list's with commas between.
func joined(node ast.Node) (string, error) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return scalar(node)
	}
	var parts []string
	for _, item := range list.Values {
		part, err := scalar(item)
		if err != nil {
			return "", err
		}
		if strings.Contains(part, ",") {
			return "", errors.New("a list's item must be one value")
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ","), nil
}

// scalar is the text of a plain value.
func scalar(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.NullNode:
		return "", errors.New(`there is no value; write "" for none`)
	default:
		return "", errors.New("this must be a plain value")
	}
}
