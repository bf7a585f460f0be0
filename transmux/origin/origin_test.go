package origin

import (
	"net/http"
	"testing"
)

func TestAllow(t *testing.T) {
	for _, tc := range []struct {
		list       List
		from, want string
		varies     bool
	}{
		{nil, "https://a.example", "*", false},
		{List{"*"}, "", "*", false},
		{List{"https://a.example", "*"}, "https://b.example", "*", false},
		{List{"https://a.example"}, "https://a.example", "https://a.example", true},
		{List{"https://a.example"}, "https://b.example", "", true},
		{List{"https://a.example"}, "http://a.example", "", true},
		{List{"https://a.example"}, "null", "", true},
		{List{"https://a.example"}, "", "", true},
	} {
		h := http.Header{}
		r := &http.Request{Header: http.Header{}}
		if tc.from != "" {
			r.Header.Set("Origin", tc.from)
		}
		tc.list.Allow(h, r)
		if got := h.Get("Access-Control-Allow-Origin"); got != tc.want || (h.Get("Vary") == "Origin") != tc.varies {
			t.Errorf("%q from %q: %v", tc.list, tc.from, h)
		}
	}
}
