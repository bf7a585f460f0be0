package codecs

import (
	"bytes"
	"fmt"
)

// maxParameterSets bounds all parameter sets of a track in bytes. With every
// scaling list and all timing there is, a set stays below 1 KiB, and the usual
// ones take 50 to 100 bytes together. They go in front of every keyframe that
// lacks them, so they are also what a publisher's few bytes can grow to.
const maxParameterSets = 4096

// maxPPS bounds the PPSs of a track. Encoders send one, rarely three.
const maxPPS = 32

// setID reads a parameter set's own id.
type setID func(nalu []byte) (uint8, error)

// mergeSets puts the sets in news over those of old, by id. It returns nil when
// that changes nothing.
func mergeSets(old, news [][]byte, id setID) ([][]byte, error) {
	var merged [][]byte
	for _, n := range news {
		current := old
		if merged != nil {
			current = merged
		}
		at, err := findSet(current, n, id)
		if err != nil {
			return nil, err
		}
		if at < len(current) && bytes.Equal(current[at], n) {
			continue
		}
		if merged == nil {
			merged = append(make([][]byte, 0, len(old)+len(news)), old...)
		}
		if at < len(merged) {
			merged[at] = n
		} else if merged = append(merged, n); len(merged) > maxPPS {
			return nil, fmt.Errorf("codecs: more than %d picture parameter sets", maxPPS)
		}
	}
	return merged, nil
}

// findSet returns the index in list of the set with the same id as set, or len(list).
func findSet(list [][]byte, set []byte, id setID) (int, error) {
	own, err := id(set)
	if err != nil {
		return 0, err
	}
	for i, p := range list {
		if other, err := id(p); err == nil && other == own {
			return i, nil
		}
	}
	return len(list), nil
}
