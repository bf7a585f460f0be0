// Package apitest holds the API against its description: a client that is generated
// of api/openapi.yaml, and a check of every answer that it gets.
//
// Tests of api and of the whole program use it. It must not know how answers are
// made.
package apitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Contract is a description in OpenAPI 3.0, as far as answers can be held against it.
type Contract struct {
	doc        map[string]any
	operations []operation
}

// operation is one of it.
type operation struct {
	id, method, template string
	path                 *regexp.Regexp
	responses            map[string]any
}

// Parse reads a description. It is an error if something that it refers to is not
// in it, or if two operations have one id.
func Parse(spec []byte) (*Contract, error) {
	c := new(Contract)
	if err := yaml.Unmarshal(spec, &c.doc); err != nil {
		return nil, fmt.Errorf("apitest: %w", err)
	}
	if err := c.resolvable(c.doc); err != nil {
		return nil, err
	}
	parameter := regexp.MustCompile(`\\\{[^}]+\\\}`)
	for template, item := range object(c.doc["paths"]) {
		path := regexp.MustCompile("^" + parameter.ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`) + "$")
		for method, op := range object(item) {
			o := object(op)
			id, _ := o["operationId"].(string)
			if id == "" || slices.Contains(c.Operations(), id) {
				return nil, fmt.Errorf("apitest: %s %s has no operationId of its own: %q", method, template, id)
			}
			c.operations = append(c.operations, operation{id, strings.ToUpper(method), template, path, object(o["responses"])})
		}
	}
	slices.SortFunc(c.operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return c, nil
}

// Operations are the ids of all.
func (c *Contract) Operations() (ids []string) {
	for _, o := range c.operations {
		ids = append(ids, o.id)
	}
	return ids
}

// Paths are the templates of all, once each.
func (c *Contract) Paths() []string { return slices.Sorted(maps.Keys(object(c.doc["paths"]))) }

// Methods are those of a path.
func (c *Contract) Methods(template string) (methods []string) {
	for _, o := range c.operations {
		if o.template == template {
			methods = append(methods, o.method)
		}
	}
	return methods
}

// Find is the operation that a request is for, by its escaped path below the base.
func (c *Contract) Find(method, path string) (id string, ok bool) {
	o, ok := c.find(method, path)
	return o.id, ok
}

func (c *Contract) find(method, path string) (operation, bool) {
	for _, o := range c.operations {
		if o.method == method && o.path.MatchString(path) {
			return o, true
		}
	}
	return operation{}, false
}

// Check says what of an answer is not as the description has it. body is what has
// been read of it; a stream of events is not looked into.
func (c *Contract) Check(method, path string, answer *http.Response, body []byte) []string {
	o, ok := c.find(method, path)
	if !ok {
		return []string{method + " " + path + " is not described"}
	}
	response := object(c.resolve(o.responses[strconv.Itoa(answer.StatusCode)]))
	if response == nil && answer.StatusCode >= http.StatusBadRequest {
		response = object(c.resolve(o.responses["default"]))
	}
	if response == nil {
		return []string{fmt.Sprintf("%s: status %d is not described", o.id, answer.StatusCode)}
	}
	content := object(response["content"])
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	media, described := content[kind]
	switch {
	case len(content) == 0 && len(body) == 0:
		return nil
	case !described:
		return []string{fmt.Sprintf("%s: %d with content type %q is not described", o.id, answer.StatusCode, kind)}
	case !strings.HasSuffix(kind, "json"):
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return []string{fmt.Sprintf("%s: %v", o.id, err)}
	}
	var wrong []string
	c.conform(o.id, object(media)["schema"], value, &wrong)
	return wrong
}

// resolve follows a reference, if it is one.
func (c *Contract) resolve(v any) any {
	ref, ok := object(v)["$ref"].(string)
	if !ok {
		return v
	}
	at := any(c.doc)
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = object(at)[step]
	}
	return at
}

// resolvable says of which reference there is no other end.
func (c *Contract) resolvable(v any) error {
	switch v := v.(type) {
	case map[string]any:
		if c.resolve(v) == nil {
			return fmt.Errorf("apitest: %v leads nowhere", v["$ref"])
		}
		for _, one := range v {
			if err := c.resolvable(one); err != nil {
				return err
			}
		}
	case []any:
		for _, one := range v {
			if err := c.resolvable(one); err != nil {
				return err
			}
		}
	}
	return nil
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}
