package bus

import (
	"fmt"
	"strings"
)

// MaxName bounds a stream's name in bytes; it ends up in URLs, logs and labels.
const MaxName = 255

// ValidName returns nil for a good stream name, else an error wrapping
// ErrBadName that says what is wrong. A name is path segments of
// [A-Za-z0-9._~-] (RFC 3986's unreserved characters), none of them empty, "."
// or "..".
func ValidName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: it is empty", ErrBadName)
	}
	if len(name) > MaxName {
		return fmt.Errorf("%w: %d bytes are more than %d", ErrBadName, len(name), MaxName)
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "":
			return fmt.Errorf("%w: a part between slashes is empty", ErrBadName)
		case ".", "..":
			return fmt.Errorf("%w: %q is not a name", ErrBadName, segment)
		}
		for _, r := range segment {
			if !unreserved(r) {
				return fmt.Errorf("%w: %q is not one of A-Z a-z 0-9 . _ ~ -", ErrBadName, r)
			}
		}
	}
	return nil
}

func unreserved(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' ||
		r == '.' || r == '_' || r == '~' || r == '-'
}
