package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"viewers", "viewrs", 1},
		{"viewers", "viewer", 1},
		{"kitten", "sitting", 3},
		{"ab", "ba", 2},
		{"live", "life", 1},
		{"abc", "xyz", 3},
	} {
		for _, words := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := Distance(words[0], words[1], 3); got != tt.want {
				t.Errorf("%q is %d away from %q, want %d", words[0], got, words[1], tt.want)
			}
		}
	}
	for _, words := range [][2]string{{"abcd", "wxyz"}, {"", "abcd"}, {"a long word", "quite another"}} {
		if got := Distance(words[0], words[1], 3); got <= 3 {
			t.Errorf("%q is only %d away from %q", words[0], got, words[1])
		}
	}
}
