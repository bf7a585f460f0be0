package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"millrace/ingest"
)

// mask stands where a secret stands.
const mask = "***"

// secretWords are in the names of what is never shown.
var secretWords = []string{"secret", "token", "password", "credential", "passphrase", "hmac"}

// shownBelow are the keys within sections whose values are shown. Whatever else a
// section has is taken for a secret: better too much hidden than one too little.
var shownBelow = []string{
	"url", "on_demand", "linger", "transport", // of sources
	"publish", "play", "read", "admin", "expires", // of keys and users
	"events", "streams", "timeout", "give_up", "parallel", // of hooks
}

// isSecret says whether a key's name tells of a secret.
func isSecret(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(name, word) })
}

// masked is a setting's text as it may be shown. Sections are those keys that hold
// more than text.
func masked(path, text string, isSection bool) string {
	switch {
	case text == "":
		return ""
	case isSecret(path):
		return mask
	case isSection:
		return maskedSection(text)
	case path == iceServersKey:
		return maskedServers(text)
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		parts[i] = maskedURL(strings.TrimSpace(part))
	}
	return strings.Join(parts, ", ")
}

// maskedURL hides what a URL holds of credentials; other texts stay as they are.
func maskedURL(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return mask
	}
	return strings.ReplaceAll(ingest.Redacted(u), ingest.Hidden, mask)
}

// maskedServers leaves the addresses of ICE servers.
func maskedServers(text string) string {
	var list []string
	for _, entry := range commaList(text) {
		words := strings.Fields(entry)
		if len(words) > 1 {
			words = append(words[:1], mask)
		}
		list = append(list, strings.Join(words, " "))
	}
	return strings.Join(list, ", ")
}

// maskedSection is a section in one line, with its names and what may be shown.
func maskedSection(text string) string {
	tree, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return mask
	}
	return maskedNode("", tree.Docs[0].Body)
}

// maskedNode writes what is below a key in YAML's flow style.
func maskedNode(key string, node ast.Node) string {
	if list, ok := node.(*ast.SequenceNode); ok {
		parts := make([]string, len(list.Values))
		for i, item := range list.Values {
			parts[i] = maskedNode(key, item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if text, err := scalar(node); err == nil {
		return maskedScalar(key, text)
	}
	pairs, err := pairsOf(node)
	if err != nil {
		return mask
	}
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		name := pair.Key.GetToken().Value
		parts[i] = name + ": " + maskedNode(name, pair.Value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// maskedScalar shows what is known to be no secret. A source's line may be its URL
// alone.
func maskedScalar(key, text string) string {
	switch {
	case strings.Contains(text, "://"):
		return maskedURL(text)
	case slices.Contains(shownBelow, key):
		return text
	default:
		return mask
	}
}

// isMasked says whether a text was copied from where secrets are hidden.
func isMasked(text string) bool {
	return strings.Contains(text, mask) || strings.Contains(text, ingest.Hidden+"@") || strings.Contains(text, "="+ingest.Hidden)
}
