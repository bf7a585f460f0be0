// Command reference makes a page for people of an OpenAPI description, after it has
// validated that. make generate calls it.
//
// The page is one file without scripts, and needs nothing but its style sheet.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed page.html
var page string

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: reference openapi.yaml page.html")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	doc, err := openapi3.NewLoader().LoadFromFile(from)
	if err != nil {
		return err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return fmt.Errorf("%s is no good description: %w", from, err)
	}
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"prose": prose, "type": typeOf, "operations": operations, "sorted": sorted, "statuses": statuses, "has": slices.Contains[[]string],
	}).Parse(page)
	if err != nil {
		return err
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := tmpl.Execute(file, doc); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// operation is one, with where it is.
type operation struct {
	Method, Path string
	*openapi3.Operation
}

// operations are those of a tag, in the order of their paths.
func operations(doc *openapi3.T, tag string) (list []operation) {
	for at, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if slices.Contains(op.Tags, tag) {
				list = append(list, operation{method, at, op})
			}
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return list
}

// answer is what may come back.
type answer struct {
	Status string
	*openapi3.Response
}

// statuses are an operation's answers, the unexpected last.
func statuses(op operation) (list []answer) {
	all := op.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(all)) {
		name := status
		if status == "default" {
			name = "else"
		}
		list = append(list, answer{name, all[status].Value})
	}
	return list
}

// field is one of an object.
type field struct {
	Name     string
	Optional bool
	Schema   *openapi3.SchemaRef
}

// sorted are an object's fields, those that are always there first.
func sorted(s *openapi3.Schema) (list []field) {
	for name, schema := range s.Properties {
		list = append(list, field{name, !slices.Contains(s.Required, name), schema})
	}
	rank := func(f field) int {
		if i := slices.Index(s.Required, f.Name); i >= 0 {
			return i
		}
		return len(s.Required)
	}
	slices.SortFunc(list, func(a, b field) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) })
	return list
}

// typeOf names a schema, with a link where it has an entry of its own.
func typeOf(s *openapi3.SchemaRef) template.HTML {
	switch {
	case s == nil || s.Value == nil:
		return ""
	case s.Ref != "":
		name := template.HTMLEscapeString(path.Base(s.Ref))
		return template.HTML(`<a href="#` + name + `">` + name + `</a>`)
	case s.Value.Type.Is("array"):
		return "list of " + typeOf(s.Value.Items)
	case len(s.Value.Enum) > 0:
		var words []string
		for _, v := range s.Value.Enum {
			words = append(words, "<code>"+template.HTMLEscapeString(fmt.Sprint(v))+"</code>")
		}
		return template.HTML(strings.Join(words, ", "))
	case s.Value.Format == "date-time":
		return "time"
	default:
		return template.HTML(template.HTMLEscapeString(strings.Join(s.Value.Type.Slice(), ", ")))
	}
}

var code = regexp.MustCompile("`([^`]+)`")

// prose is a description: paragraphs, and what stands between backquotes is code.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph != "" {
			out.WriteString("<p>" + code.ReplaceAllString(template.HTMLEscapeString(paragraph), "<code>$1</code>") + "</p>\n")
		}
	}
	return template.HTML(out.String())
}
