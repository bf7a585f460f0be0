package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlFile walks a configuration file's syntax tree, so that each complaint can
// name the line and column it is about.
type yamlFile struct {
	name     string
	settings []setting
	sections map[string]section
	at       map[string]string // where keys stand
	errs     []error
}

// read applies a file's text to the settings, and to the sections by their own
// readers, and notes all that is wrong with it.
func (f *yamlFile) read(text []byte) {
	f.at = map[string]string{}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			f.complain(at.GetToken(), errors.New(at.GetMessage()))
			return
		}
		f.complain(nil, errors.New("this is no YAML")) // the error would quote it
		return
	}
	if len(tree.Docs) > 1 {
		f.complain(tree.Docs[1].Start, errors.New("a second document: there may be only one"))
		return
	}
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			f.walk("", doc.Body)
		}
	}
}

func (f *yamlFile) complain(at *token.Token, err error) {
	f.errs = append(f.errs, fmt.Errorf("%s: %w", f.place(at), err))
}

// place is the file's name, the line and the column.
func (f *yamlFile) place(at *token.Token) string {
	line, column := 1, 1
	if at != nil && at.Position != nil {
		line, column = at.Position.Line, at.Position.Column
	}
	return fmt.Sprintf("%s:%d:%d", f.name, line, column)
}

// walk goes through what stands below a path that is a section, not a setting.
func (f *yamlFile) walk(path string, node ast.Node) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.CommentGroupNode:
		return
	case *ast.NullNode:
		return // a section whose keys are all commented out
	default:
		name := strings.TrimSuffix(path, ".")
		if name == "" {
			name = "the file"
		}
		f.complain(node.GetToken(), fmt.Errorf("%s must have keys below it: %s", name, strings.Join(childrenOf(path, f.settings), ", ")))
		return
	}
	for _, pair := range pairs {
		f.pair(path, pair)
	}
}

// pair applies one key and its value, or goes on below it.
func (f *yamlFile) pair(path string, pair *ast.MappingValueNode) {
	at := pair.Key.GetToken()
	key := path + at.Value
	for _, s := range f.settings {
		if s.path == key {
			f.at[key] = f.place(at)
			f.value(s, pair)
			return
		}
	}
	if !strings.Contains(at.Value, ".") && len(childrenOf(key+".", f.settings)) > 0 {
		f.walk(key+".", pair.Value)
		return
	}
	f.complain(at, unknownKey(key, f.settings))
}

func (f *yamlFile) value(s setting, pair *ast.MappingValueNode) {
	node, at := pair.Value, pair.Value.GetToken()
	if read := f.sections[s.path]; read != nil {
		read(node, func(at *token.Token, err error) { f.complain(at, fmt.Errorf("%s: %w", s.path, err)) })
		return
	}
	text, err := joined(node)
	if _, isList := node.(*ast.SequenceNode); err != nil && !isList {
		at = pair.Key.GetToken() // what is no value has no place of its own
	}
	if err == nil {
		err = s.set(text)
	}
	if err != nil {
		f.complain(at, fmt.Errorf("%s: %w", s.path, err))
	}
}
