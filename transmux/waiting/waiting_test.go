package waiting

import (
	"errors"
	"testing"
)

func TestTheOldestMakesRoom(t *testing.T) {
	crowded := errors.New("crowded")
	r := New(2, crowded)
	var out []int
	enter := func(n int) func() {
		return r.Enter(func(err error) {
			if !errors.Is(err, crowded) {
				t.Errorf("%d is told %v", n, err)
			}
			out = append(out, n)
		})
	}
	leave := enter(1)
	enter(2)
	enter(3)
	leave() // of one that has been turned out
	if r.Len() != 2 || len(out) != 1 || out[0] != 1 {
		t.Errorf("%d wait, %v were turned out", r.Len(), out)
	}
	leave = enter(4)
	leave()
	enter(5)
	if r.Len() != 2 || len(out) != 2 || out[1] != 2 {
		t.Errorf("%d wait, %v were turned out", r.Len(), out)
	}
}
