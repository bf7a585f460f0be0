package apitest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const small = `
openapi: 3.0.3
paths:
  /things/{name}:
    get:
      operationId: getThing
      responses:
        '200':
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
        default:
          content:
            application/problem+json:
              schema: {type: object}
components:
  schemas:
    Thing:
      type: object
      required: [kind, at]
      properties:
        kind: {type: string, enum: [a, b]}
        at: {type: string, format: date-time}
        count: {type: integer, format: uint64}
        list:
          type: array
          items: {type: number}
        may: {type: boolean, nullable: true}
`

// TestCheck: what is not as it is described is found, and nothing else.
func TestCheck(t *testing.T) {
	c, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Operations(), []string{"getThing"}) || !slices.Equal(c.Paths(), []string{"/things/{name}"}) {
		t.Errorf("%v %v", c.Operations(), c.Paths())
	}
	const good = `{"kind":"a","at":"2026-01-02T03:04:05.678Z"`
	for _, tt := range []struct {
		path, kind string
		status     int
		body, want string // "" for nothing wrong
	}{
		{"/things/x", "application/json", 200, good + `}`, ""},
		{"/things/x%2Fy", "application/json; charset=utf-8", 200, good + `,"count":3,"list":[1,2.5],"may":null}`, ""},
		{"/things/x", "application/problem+json", 404, `{}`, ""},
		{"/things/x", "text/plain", 404, `no`, "content type"},
		{"/things/x", "application/json", 201, good + `}`, "status 201"},
		{"/things/x/y", "application/json", 200, good + `}`, "not described"},
		{"/things/x", "application/json", 200, `{"kind":"a"}`, "at is missing"},
		{"/things/x", "application/json", 200, `{"kind":"c","at":"2026-01-02T03:04:05Z"}`, "none of"},
		{"/things/x", "application/json", 200, `{"kind":"a","at":"2026-01-02T03:04:05+01:00"}`, "no time in UTC"},
		{"/things/x", "application/json", 200, good + `,"more":1}`, "more is not described"},
		{"/things/x", "application/json", 200, good + `,"count":-1}`, "below zero"},
		{"/things/x", "application/json", 200, good + `,"count":1.5}`, "not whole"},
		{"/things/x", "application/json", 200, good + `,"list":null}`, "is null"},
		{"/things/x", "application/json", 200, good + `,"list":["1"]}`, "no number"},
		{"/things/x", "application/json", 200, good + `,"may":"yes"}`, "no boolean"},
		{"/things/x", "application/json", 200, `[]`, "no object"},
		{"/things/x", "application/json", 200, `{`, "unexpected end"},
	} {
		answer := &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {tt.kind}}}
		wrong := strings.Join(c.Check("GET", tt.path, answer, []byte(tt.body)), "; ")
		if (tt.want == "") != (wrong == "") || !strings.Contains(wrong, tt.want) {
			t.Errorf("%s %d %s: %q, want %q", tt.path, tt.status, tt.body, wrong, tt.want)
		}
	}
}

func TestBadDescriptions(t *testing.T) {
	for name, text := range map[string]string{
		"no YAML":                    "a: [",
		"a reference to nothing":     strings.Replace(small, "schemas/Thing'", "schemas/Other'", 1),
		"an operation without an id": strings.Replace(small, "operationId: getThing", "summary: x", 1),
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
