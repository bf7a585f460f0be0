package apitest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// conform notes what of a value is not as the schema has it. What an object has
// beyond its schema is wrong, too: a field that nobody described.
func (c *Contract) conform(at string, schema, value any, wrong *[]string) {
	s := object(c.resolve(schema))
	note := func(format string, args ...any) { *wrong = append(*wrong, at+": "+fmt.Sprintf(format, args...)) }
	if value == nil {
		if s["nullable"] != true {
			note("is null")
		}
		return
	}
	if allowed, ok := s["enum"].([]any); ok && !slices.Contains(allowed, value) {
		note("%v is none of %v", value, allowed)
	}
	switch s["type"] {
	case "object":
		o, ok := value.(map[string]any)
		if !ok {
			note("%T is no object", value)
			return
		}
		c.conformObject(at, s, o, wrong)
	case "array":
		list, ok := value.([]any)
		if !ok {
			note("%T is no list", value)
			return
		}
		for i, one := range list {
			c.conform(fmt.Sprintf("%s[%d]", at, i), s["items"], one, wrong)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			note("%T is no string", value)
			return
		}
		if s["format"] == "date-time" {
			if when, err := time.Parse(time.RFC3339, text); err != nil || when.Location() != time.UTC {
				note("%q is no time in UTC", text)
			}
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			note("%T is no boolean", value)
		}
	case "integer", "number":
		conformNumber(s, value, note)
	default:
		note("its schema has the type %v", s["type"])
	}
}

func conformNumber(s map[string]any, value any, note func(string, ...any)) {
	n, ok := value.(float64)
	format, _ := s["format"].(string)
	switch {
	case !ok:
		note("%T is no number", value)
	case s["type"] == "integer" && n != math.Trunc(n):
		note("%v is not whole", n)
	case strings.HasPrefix(format, "uint") && n < 0:
		note("%v is below zero", n)
	}
}

func (c *Contract) conformObject(at string, s map[string]any, o map[string]any, wrong *[]string) {
	properties := object(s["properties"])
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, there := o[name.(string)]; !there {
			*wrong = append(*wrong, fmt.Sprintf("%s: %v is missing", at, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		schema, described := properties[name]
		if !described {
			*wrong = append(*wrong, fmt.Sprintf("%s: %s is not described", at, name))
			continue
		}
		c.conform(at+"."+name, schema, o[name], wrong)
	}
}
