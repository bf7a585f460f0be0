package diagnosis

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"millrace/transmux/spelling"
)

const (
	// mostNear is how many names are told.
	mostNear = 3
	// farthest is how many letters two names may differ in and still be mistaken for
	// each other.
	farthest = 3
)

// nearest are the names that somebody may have meant, the likeliest first.
func nearest(name string, names []string) []string {
	type rated struct {
		name string
		far  int
	}
	var near []rated
	for _, other := range names {
		if far, ok := mistaken(name, other); ok {
			near = append(near, rated{other, far})
		}
	}
	slices.SortFunc(near, func(a, b rated) int { return cmp.Or(a.far-b.far, cmp.Compare(a.name, b.name)) })
	var found []string
	for _, r := range near[:min(len(near), mostNear)] {
		found = append(found, r.name)
	}
	return found
}

// mistaken says how far apart two names are, if one may have been meant by the
// other: another case, the application left out or another one, a slip of the pen.
func mistaken(name, other string) (far int, ok bool) {
	switch {
	case name == other:
		return 0, false
	case strings.EqualFold(name, other):
		return 0, true
	case strings.EqualFold(path.Base(name), path.Base(other)):
		return 1, true
	}
	far = spelling.Distance(strings.ToLower(name), strings.ToLower(other), farthest)
	return far, far <= farthest && far*2 < len(name)
}
