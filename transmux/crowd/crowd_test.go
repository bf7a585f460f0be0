package crowd

import (
	"errors"
	"maps"
	"testing"
)

// TestTooMany: each bound holds for those who have its thing in common, the first one
// that is reached is the one that is told, and who has left leaves nothing behind.
func TestTooMany(t *testing.T) {
	full, taken := errors.New("full"), errors.New("taken")
	c := New("all", "colour", "late")
	most := 0
	enter := func(colour string) (func(), error) {
		return c.Enter(
			Bound{Limit: "all", Most: 3, No: func(in int) error {
				if in != 3 {
					t.Errorf("%d are in", in)
				}
				return full
			}},
			Bound{Limit: "colour", Of: colour, Most: most, No: func(int) error { return taken }},
		)
	}
	var leaves []func()
	for _, one := range []struct {
		colour string
		most   int
		want   error
	}{{"red", 0, nil}, {"red", 0, nil}, {"red", 2, taken}, {"blue", 2, nil}, {"red", 2, full}, {"green", 2, full}} {
		most = one.most
		leave, err := enter(one.colour)
		if !errors.Is(err, one.want) || (leave == nil) != (one.want != nil) {
			t.Errorf("%+v: %v", one, err)
		}
		if leave != nil {
			leaves = append(leaves, leave)
		}
	}
	c.Refuse("late")
	if got, want := c.Refused(), map[string]uint64{"all": 2, "colour": 1, "late": 1}; !maps.Equal(got, want) {
		t.Errorf("refused are %v, want %v", got, want)
	}
	for i, leave := range leaves {
		if n := c.Inside(); n != len(leaves)-i {
			t.Errorf("%d are in", n)
		}
		leave()
	}
	if c.Inside() != 0 || len(c.groups) != 0 {
		t.Errorf("%d are in, of %v", c.Inside(), c.groups)
	}
}
