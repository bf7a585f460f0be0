package front

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func networks(list ...string) (all []netip.Prefix) {
	for _, n := range list {
		all = append(all, netip.MustParsePrefix(n))
	}
	return all
}

func TestTheClientBehindProxies(t *testing.T) {
	own := networks("10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1/32")
	for name, tc := range map[string]struct {
		header string
		peer   string
		values []string
		want   string
	}{
		"no header":                   {XForwardedFor, "10.0.0.1:5", nil, "10.0.0.1:5"},
		"one proxy":                   {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1:0"},
		"with a port":                 {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1:77"}, "192.0.2.1:77"},
		"two proxies":                 {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1:0"},
		"in two lines":                {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1:0"},
		"what the client wrote":       {XForwardedFor, "10.0.0.1:5", []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1:0"},
		"who claims to be one of us":  {XForwardedFor, "10.0.0.1:5", []string{"10.0.0.9, 192.0.2.1, 10.0.0.2"}, "192.0.2.1:0"},
		"only ours":                   {XForwardedFor, "10.0.0.1:5", []string{"10.0.0.9, 10.0.0.2"}, "10.0.0.9:0"},
		"not trusted":                 {XForwardedFor, "192.0.2.9:5", []string{"198.51.100.7"}, "192.0.2.9:5"},
		"mapped":                      {XForwardedFor, "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.1"}, "192.0.2.1:0"},
		"IPv6":                        {XForwardedFor, "[2001:db8:1::1]:5", []string{"2001:db8:2::1"}, "[2001:db8:2::1]:0"},
		"IPv6 in brackets":            {XForwardedFor, "[2001:db8:1::1]:5", []string{"[2001:db8:2::1]"}, "[2001:db8:2::1]:0"},
		"IPv6 with a port":            {XForwardedFor, "[2001:db8:1::1]:5", []string{"[2001:db8:2::1]:9"}, "[2001:db8:2::1]:9"},
		"unknown":                     {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1, unknown"}, "10.0.0.1:5"},
		"rubbish before":              {XForwardedFor, "10.0.0.1:5", []string{"<script>, 192.0.2.1"}, "192.0.2.1:0"},
		"unspecified":                 {XForwardedFor, "10.0.0.1:5", []string{"0.0.0.0"}, "10.0.0.1:5"},
		"empty":                       {XForwardedFor, "10.0.0.1:5", []string{""}, "10.0.0.1:5"},
		"trailing comma":              {XForwardedFor, "10.0.0.1:5", []string{"192.0.2.1,"}, "10.0.0.1:5"},
		"itself":                      {XForwardedFor, "10.0.0.1:5", []string{"10.0.0.1"}, "10.0.0.1:5"},
		"Forwarded":                   {Forwarded, "10.0.0.1:5", []string{"for=192.0.2.1;proto=https;by=10.0.0.1"}, "192.0.2.1:0"},
		"Forwarded, capitals, quotes": {Forwarded, "10.0.0.1:5", []string{`proto=https; For="[2001:db8:2::1]:4711"`}, "[2001:db8:2::1]:4711"},
		"Forwarded twice":             {Forwarded, "10.0.0.1:5", []string{`for=198.51.100.7, for="192.0.2.1:80"`, "for=10.0.0.2"}, "192.0.2.1:80"},
		"Forwarded, hidden":           {Forwarded, "10.0.0.1:5", []string{"for=192.0.2.1, for=_secret"}, "10.0.0.1:5"},
		"Forwarded, a comma inside":   {Forwarded, "10.0.0.1:5", []string{`for=198.51.100.7, for=192.0.2.1;by="a,for=10.9.9.9"`}, "192.0.2.1:0"},
		"Forwarded, not the other":    {Forwarded, "10.0.0.1:5", nil, "10.0.0.1:5"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tc.peer
		field, other := "X-Forwarded-For", "Forwarded"
		if tc.header == Forwarded {
			field, other = other, field
		}
		r.Header[field] = tc.values
		r.Header.Set(other, "for=203.0.113.1")
		if other == "X-Forwarded-For" {
			r.Header.Set(other, "203.0.113.1")
		}
		w := httptest.NewRecorder()
		Proxies{own, tc.header}.Handler(http.HandlerFunc(site)).ServeHTTP(w, r)
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		w = httptest.NewRecorder()
		Proxies{nil, tc.header}.Handler(http.HandlerFunc(site)).ServeHTTP(w, r)
		if got := w.Body.String(); got != tc.peer {
			t.Errorf("%s, nobody trusted: %s", name, got)
		}
	}
}

// FuzzClient: nobody who is not believed can say who he is, and what comes of it is
// always an address.
func FuzzClient(f *testing.F) {
	f.Add("192.0.2.1, 10.0.0.2", true)
	f.Add(`for="[2001:db8::1]:80";by="x,y", for=10.0.0.1`, false)
	f.Add(`",\",for=`, false)
	f.Fuzz(func(t *testing.T, value string, list bool) {
		p := Proxies{networks("10.0.0.0/8"), Forwarded}
		h := http.Header{"Forwarded": {value}}
		suffix := ", for=192.0.2.1"
		if list {
			p.Header, h, suffix = XForwardedFor, http.Header{"X-Forwarded-For": {value}}, ", 192.0.2.1"
		}
		if got := p.client(netip.MustParseAddrPort("192.0.2.9:5"), h); got.String() != "192.0.2.9:5" {
			t.Errorf("a stranger became %s", got)
		}
		if got := p.client(netip.MustParseAddrPort("10.0.0.1:5"), h); !got.IsValid() || got.Addr().IsUnspecified() {
			t.Errorf("%q: %s", value, got)
		}
		for name := range h {
			h[name] = []string{value + suffix} // as our proxy writes it behind what came
		}
		got := p.client(netip.MustParseAddrPort("10.0.0.1:5"), h)
		if got.String() != "192.0.2.1:0" {
			t.Errorf("%q hid the client: %s", value, got)
		}
	})
}
