package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// origin is where a setting's value comes from, as the API says it.
type origin string

const (
	fromDefault     origin = "default"
	fromFile        origin = "file"
	fromEnvironment origin = "environment"
	fromFlag        origin = "flag"
)

// given is what was written for a setting: its value's text, a section's in YAML.
type given struct {
	text string
	from origin
	at   string // file, line and column; "" for what has none
}

// Reading is a configuration that was read, and where each of its values stands.
type Reading struct {
	Config
	given map[string]given // by key; what is not here has its default
	// Overridden are the file's keys that something goes over.
	Overridden []string
}

// Inputs are what a configuration is read from, but for the file's text, which may
// be another the next time.
type Inputs struct {
	File    string // "" for none
	Environ []string
	Level   string // the flag; "" if it was not given
}

// Read reads the file as it is now.
func (in *Inputs) Read() (*Reading, error) {
	if in.File == "" {
		return in.ReadText("", nil)
	}
	text, err := os.ReadFile(in.File)
	if err != nil {
		return &Reading{Config: Defaults()}, err
	}
	return in.ReadText(in.File, text)
}

// ReadText reads a file's text, the environment over it and the flags over both.
// The error has a line for each thing that is wrong, with where it stands.
func (in *Inputs) ReadText(name string, text []byte) (*Reading, error) {
	r := &Reading{Config: Defaults(), given: map[string]given{}}
	settings := r.settings()
	file := yamlFile{name: name, settings: r.record(settings, fromFile), sections: r.recordSections()}
	file.read(text)
	errs := file.errs
	for key, g := range r.given {
		g.at = file.at[key]
		r.given[key] = g
	}
	errs = append(errs, readEnviron(in.Environ, r.record(settings, fromEnvironment))...)
	if in.Level != "" {
		for _, s := range r.record(settings, fromFlag) {
			if s.path != levelKey {
				continue
			}
			if err := s.set(in.Level); err != nil {
				errs = append(errs, fmt.Errorf("--log-level: %w", err))
			}
		}
	}
	if len(errs) == 0 {
		r.settle(func(path string) bool { _, told := r.given[path]; return told })
		if err := r.Validate(); err != nil {
			errs = append(errs, r.locate(err))
		}
	}
	slices.Sort(r.Overridden)
	return r, errors.Join(errs...)
}

// record makes settings that write down what they take.
func (r *Reading) record(settings []setting, from origin) []setting {
	recorded := slices.Clone(settings)
	for i := range recorded {
		path, set := recorded[i].path, recorded[i].set
		recorded[i].set = func(text string) error {
			if err := set(text); err != nil {
				return err
			}
			r.note(path, given{text: text, from: from})
			return nil
		}
	}
	return recorded
}

// recordSections does the same for the file's sections.
func (r *Reading) recordSections() map[string]section {
	recorded := r.sections()
	for path, read := range maps.Clone(recorded) {
		recorded[path] = func(node ast.Node, wrong complain) {
			read(node, wrong)
			r.note(path, given{text: node.String(), from: fromFile})
		}
	}
	return recorded
}

func (r *Reading) note(path string, g given) {
	if before, ok := r.given[path]; ok && before.from == fromFile && g.from != fromFile {
		r.Overridden = append(r.Overridden, path)
	}
	r.given[path] = g
}

// locate says where the first of the keys stands that an error is about.
func (r *Reading) locate(err error) error {
	text := err.Error()
	best, where := len(text), ""
	for key, g := range r.given {
		if i := strings.Index(text, key); i >= 0 && i < best && g.at != "" {
			best, where = i, g.at
		}
	}
	if where == "" {
		return err
	}
	return fmt.Errorf("%s: %w", where, err)
}
