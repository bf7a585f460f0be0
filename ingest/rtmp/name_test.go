package rtmp

import "testing"

func TestParseTarget(t *testing.T) {
	tests := []struct {
		app, tcURL, key  string
		name, credential string
	}{
		{"live", "rtmp://h/live", "x", "live/x", ""},
		{"live/", "rtmp://h/live/", "x/", "live/x", ""},
		{"/live//", "", "/x", "live/x", ""},
		{"live/room", "", "x", "live/room/x", ""},
		{"live", "", "room/x", "live/room/x", ""},
		{"live", "", "x?token=abc", "live/x", "abc"},
		{"live", "", "x?a=b&token=a%2Bc", "live/x", "a+c"},
		{"live?token=app", "", "x", "live/x", "app"},
		{"live?token=app", "", "x?token=key", "live/x", "key"},
		{"live", "rtmp://h/live?token=url", "x", "live/x", "url"},
		{"", "rtmp://h:1935/live/room", "x", "live/room/x", ""},
		{"live", "", "", "live", ""},
		{"", "", "x", "x", ""},
		{"", "", "", "", ""},
		{"live", "", "..", "live/..", ""},
		{"live", "%zz", "x?token=%zz", "live/x", ""},
		{"live", "", "x?user=me&pass=a%3Ab", "live/x", "me:a:b"},
		{"live", "", "x?user=me&pass=pw&token=abc", "live/x", "abc"},
		{"live", "", "x?user=me", "live/x", ""},
		{"live", "rtmp://me:pw@h/live", "x", "live/x", "me:pw"},
		{"live", "rtmp://me:pw@h/live", "x?token=abc", "live/x", "abc"},
		{"live", "rtmp://me@h/live", "x", "live/x", ""},
	}
	for _, tt := range tests {
		got := parseTarget(tt.app, tt.tcURL, tt.key)
		if want := (target{tt.name, tt.credential}); got != want {
			t.Errorf("%q %q %q: got %+v, want %+v", tt.app, tt.tcURL, tt.key, got, want)
		}
	}
}

func TestNameForLog(t *testing.T) {
	for name, want := range map[string]string{
		"live/x": "live/x", "live/x&token=abc": "live/x…", "": "", "live/ü": "live/…", "~a.b_c-D9": "~a.b_c-D9",
	} {
		if got := (target{name: name}).forLog(); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
