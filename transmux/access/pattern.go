package access

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	// MaxPatterns bounds a grant, since tokens bring theirs along.
	MaxPatterns = 100
	// maxPattern is the longest name of a stream, in bytes.
	maxPattern = 255
)

// ErrPattern means that a text is no pattern.
var ErrPattern = errors.New("no pattern")

// Pattern is which streams: a name in which * stands for any characters but a
// slash, ? for one of them, [a-f] for one of those, and a part that is ** for one
// or more whole parts. ** alone is all.
type Pattern struct{ parts []string }

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if text == "" || len(text) > maxPattern {
		return Pattern{}, fmt.Errorf("%w: it must have 1 to %d characters", ErrPattern, maxPattern)
	}
	parts := strings.Split(text, "/")
	for _, part := range parts {
		switch {
		case part == "":
			return Pattern{}, fmt.Errorf("%w: %q has an empty part", ErrPattern, text)
		case part == "." || part == "..":
			return Pattern{}, fmt.Errorf("%w: %q is no part of a name", ErrPattern, part)
		case part != "**" && strings.Contains(part, "**"):
			return Pattern{}, fmt.Errorf("%w: ** must be a part of its own in %q", ErrPattern, text)
		}
		for i := range len(part) {
			if !inName(part[i]) && strings.IndexByte("*?[^]", part[i]) < 0 {
				return Pattern{}, fmt.Errorf("%w: %q is in no stream's name, in %q", ErrPattern, part[i:i+1], text)
			}
		}
		if _, err := path.Match(part, ""); err != nil {
			return Pattern{}, fmt.Errorf("%w: a [ that is not closed in %q", ErrPattern, text)
		}
	}
	return Pattern{parts}, nil
}

// Equal says whether both are the same text.
func (p Pattern) Equal(other Pattern) bool { return slices.Equal(p.parts, other.parts) }

// ParsePatterns reads several.
func ParsePatterns(texts []string) ([]Pattern, error) {
	if len(texts) > MaxPatterns {
		return nil, fmt.Errorf("%w: there are more than %d", ErrPattern, MaxPatterns)
	}
	list := make([]Pattern, 0, len(texts))
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// inName says whether names of streams have that character.
func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._~-", c) >= 0
}

// Match says whether the stream is one of those.
func (p Pattern) Match(stream string) bool {
	if stream == "" || len(stream) > maxPattern {
		return false
	}
	return matchParts(p.parts, strings.Split(stream, "/"))
}

// matchParts takes time of the product of both lengths: it remembers only the last
// ** to come back to, as nothing that an earlier one could do helps.
func matchParts(pattern, name []string) bool {
	i, j := 0, 0
	star, from := -1, 0
	for j < len(name) {
		switch {
		case i < len(pattern) && pattern[i] == "**":
			star, from = i, j+1 // it takes one part at least
			i, j = i+1, j+1
		case i < len(pattern) && matchPart(pattern[i], name[j]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return i == len(pattern) && j == len(name)
}

// matchPart is path.Match's, which does not go back further than the last * either.
func matchPart(pattern, part string) bool {
	ok, err := path.Match(pattern, part)
	return ok && err == nil && part != ""
}
