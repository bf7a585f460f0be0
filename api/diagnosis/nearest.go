package diagnosis

import (
	"cmp"
	"path"
	"slices"
	"strings"
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
	far = distance(strings.ToLower(name), strings.ToLower(other))
	return far, far <= farthest && far*2 < len(name)
}

// distance is Levenshtein's, or more than farthest as soon as it is that.
func distance(a, b string) int {
	if gap := len(a) - len(b); gap > farthest || gap < -farthest {
		return farthest + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least > farthest {
			return least
		}
	}
	return row[len(b)]
}
