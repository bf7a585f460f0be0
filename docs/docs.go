// Package docs is the pages that the program itself reads from, as they are.
//
// cmd/millrace tells with them what a setting is and what it is when nobody sets
// it; a test holds the page to the truth.
package docs

import _ "embed"

// Settings is settings.md, which has a row for every key of the configuration.
//
//go:embed settings.md
var Settings string
