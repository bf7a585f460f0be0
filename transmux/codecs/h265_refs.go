package codecs

const (
	// maxRefSets is how many reference picture sets an SPS may have, and maxRefs how
	// many pictures one may name in each direction (ITU-T H.265 sections 7.4.3.2.1
	// and 7.4.8).
	maxRefSets = 64
	maxRefs    = 16
)

// h265RefSet is a short-term reference picture set: the pictures kept, by how far
// before (negative) and after the current one they are shown, nearest first.
type h265RefSet struct {
	before, after           int
	beforeDelta, afterDelta [maxRefs]int32
}

// refSets reads the SPS's sets.
func (s *h265SPSFields) refSets(r *bitReader) {
	n := r.golomb()
	if n > maxRefSets {
		r.fail("%d reference picture sets", n)
		return
	}
	s.setCount = n
	for i := range n {
		s.refSet(r, i)
	}
}

// refSet reads set i: one of the SPS's, or a slice's own at i = setCount (section
// 7.3.7).
func (s *h265SPSFields) refSet(r *bitReader, i int) {
	set := &s.sets[i]
	*set = h265RefSet{}
	if i > 0 && r.flag() {
		s.predictedSet(r, i)
		return
	}
	set.before, set.after = r.golomb(), r.golomb()
	if set.before > maxRefs || set.after > maxRefs {
		r.fail("a reference picture set of %d and %d", set.before, set.after)
		set.before, set.after = 0, 0
		return
	}
	set.read(r, set.beforeDelta[:set.before], -1)
	set.read(r, set.afterDelta[:set.after], 1)
}

// read reads distances, each from the one before.
func (set *h265RefSet) read(r *bitReader, deltas []int32, sign int32) {
	var at int32
	for i := range deltas {
		at += sign * (int32(r.golomb()&0x7FFF) + 1)
		deltas[i] = at
		r.flag() // used by the current picture
	}
}

// predictedSet reads a set that is told by its difference to another (section
// 7.4.8, equations 7-61 and 7-62).
func (s *h265SPSFields) predictedSet(r *bitReader, i int) {
	back := 1
	if i == s.setCount {
		back += r.golomb()
	}
	negative := r.flag()
	delta := int32(r.golomb()&0x7FFF) + 1
	if negative {
		delta = -delta
	}
	if back > i {
		r.fail("a reference picture set refers to one before the first")
		return
	}
	ref, set := &s.sets[i-back], &s.sets[i]
	var use [2*maxRefs + 1]bool
	for j := range ref.before + ref.after + 1 {
		use[j] = r.flag() // used by the current picture,
		if !use[j] {
			use[j] = r.flag() // or else kept
		}
	}
	// In both directions the other's pictures, moved by delta, nearest first; the
	// other's own place is one of them.
	keep := func(deltas *[maxRefs]int32, n *int, d int32, used bool) {
		if !used {
			return
		}
		if *n == maxRefs {
			r.fail("a reference picture set of more than %d", maxRefs)
			return
		}
		deltas[*n] = d
		*n++
	}
	for j := ref.after - 1; j >= 0; j-- {
		d := ref.afterDelta[j] + delta
		keep(&set.beforeDelta, &set.before, d, d < 0 && use[ref.before+j])
	}
	keep(&set.beforeDelta, &set.before, delta, delta < 0 && use[ref.before+ref.after])
	for j := range ref.before {
		d := ref.beforeDelta[j] + delta
		keep(&set.beforeDelta, &set.before, d, d < 0 && use[j])
	}
	for j := ref.before - 1; j >= 0; j-- {
		d := ref.beforeDelta[j] + delta
		keep(&set.afterDelta, &set.after, d, d > 0 && use[j])
	}
	keep(&set.afterDelta, &set.after, delta, delta > 0 && use[ref.before+ref.after])
	for j := range ref.after {
		d := ref.afterDelta[j] + delta
		keep(&set.afterDelta, &set.after, d, d > 0 && use[ref.before+j])
	}
}
