package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"millrace/transmux/problem"
)

const (
	// defaultLimit is a page that a person looks at.
	defaultLimit = 100
	// maxLimit bounds an answer to some megabytes.
	maxLimit = 1000
)

// tokenField is the query's credential; the guard reads it on every path.
const tokenField = "token"

// onlyKnown refuses fields of the query that the operation does not have: a filter
// that is mistyped would else give everything.
func onlyKnown(next StrictHandlerFunc, _ string) StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		params := any(struct{}{})
		if field := reflect.ValueOf(request).FieldByName("Params"); field.IsValid() {
			params = field.Interface()
		}
		if err := checkQuery(r, params); err != nil {
			return nil, err
		}
		return next(ctx, w, r, request)
	}
}

// checkQuery is against the struct that was generated for the operation's parameters.
func checkQuery(r *http.Request, params any) error {
	known := queryFields(params)
	for name := range r.URL.Query() {
		if name == tokenField || slices.Contains(known, name) {
			continue
		}
		there := "there are none here"
		if len(known) > 0 {
			there = "there are: " + strings.Join(known, ", ")
		}
		return problem.New(http.StatusBadRequest, fmt.Sprintf("The query has an unknown field %q; %s.", name, there))
	}
	return nil
}

// queryFields are the names of the parameters that stand in the query.
func queryFields(params any) (names []string) {
	t := reflect.TypeOf(params)
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("form"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// limitOf is how many the client wants.
func limitOf(limit *Limit) (int, error) {
	switch {
	case limit == nil:
		return defaultLimit, nil
	case *limit < 1 || *limit > maxLimit:
		return 0, problem.New(http.StatusBadRequest, fmt.Sprintf("limit is from 1 to %d.", maxLimit))
	default:
		return *limit, nil
	}
}

// badRequest answers what the generated code could not read.
func badRequest(w http.ResponseWriter, _ *http.Request, err error) {
	detail := "The request cannot be read: " + err.Error()
	if bad := new(InvalidParamFormatError); errors.As(err, &bad) {
		detail = fmt.Sprintf("The field %s cannot be read: %v", bad.ParamName, bad.Err)
	}
	problem.New(http.StatusBadRequest, detail+".").Write(w)
}

// given is the value of an optional field, or the zero value.
func given[T any](field *T) (value T) {
	if field != nil {
		value = *field
	}
	return value
}
