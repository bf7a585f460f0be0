package config

import (
	"regexp"
	"strings"

	"millrace/docs"
)

// documented is what docs/settings.md says of a key.
type documented struct {
	fallback string // its default, as the page has it
	literal  bool   // and as it could be written; else it is in words
	about    string
}

// settingRow is a row of the page: the key, its default, and what it is.
var settingRow = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (`?)([^`|]+)`? \\| (.*) \\|$")

// settingsPage reads the page, which a test holds to the truth.
func settingsPage() map[string]documented {
	page := map[string]documented{}
	for _, row := range settingRow.FindAllStringSubmatch(docs.Settings, -1) {
		page[row[1]] = documented{fallback: strings.TrimSpace(row[3]), literal: row[2] != "", about: plainText(row[4])}
	}
	return page
}

// markdownLink is a link in the page's text.
var markdownLink = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)

// plainText is the page's text without its marks.
func plainText(text string) string {
	return strings.ReplaceAll(markdownLink.ReplaceAllString(text, "$1"), "`", "")
}
