package front

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"

func v2(command, family byte, rest string) string {
	return string(signature) + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
}

// TestPROXY speaks with a real server as a proxy does.
func TestPROXY(t *testing.T) {
	for name, tc := range map[string]struct{ network, header, want string }{
		"version 1":                {"127.0.0.0/8", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n", "192.0.2.1:4711"},
		"version 1, IPv6":          {"127.0.0.0/8", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n", "[2001:db8::1]:4711"},
		"version 1, unknown":       {"127.0.0.0/8", "PROXY UNKNOWN\r\n", "127.0.0.1:"},
		"version 2":                {"127.0.0.0/8", v2(0x21, 0x11, "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x00\x50"), "192.0.2.1:4711"},
		"version 2, with extras":   {"127.0.0.0/8", v2(0x21, 0x11, "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x00\x50\x04\x00\x01\x00"), "192.0.2.1:4711"},
		"version 2, IPv6":          {"127.0.0.0/8", v2(0x21, 0x21, "\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x01"+strings.Repeat("\x00", 16)+"\x12\x67\x00\x50"), "[2001:db8::1]:4711"},
		"version 2, of itself":     {"127.0.0.0/8", v2(0x20, 0x00, ""), "127.0.0.1:"},
		"no header":                {"127.0.0.0/8", "", ""},
		"version 1, wrong family":  {"127.0.0.0/8", "PROXY TCP4 2001:db8::1 2001:db8::2 4711 80\r\n", ""},
		"version 1, too long":      {"127.0.0.0/8", "PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n", ""},
		"version 1, no port":       {"127.0.0.0/8", "PROXY TCP4 192.0.2.1 192.0.2.2 70000 80\r\n", ""},
		"version 2, too short":     {"127.0.0.0/8", v2(0x21, 0x11, "\xc0\x00\x02\x01"), ""},
		"version 2, too long":      {"127.0.0.0/8", v2(0x21, 0x11, strings.Repeat("\x00", maxExtras+1)), ""},
		"version 3":                {"127.0.0.0/8", v2(0x31, 0x11, ""), ""},
		"a stranger's plain":       {"10.0.0.0/8", "", "127.0.0.1:"},
		"a stranger with a header": {"10.0.0.0/8", "PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n", "400 Bad Request"},
	} {
		p := Proxies{networks(tc.network), ProxyProtocol}
		plain, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: p.Handler(http.HandlerFunc(site)), ReadHeaderTimeout: 15 * time.Second}
		go func() { _ = server.Serve(p.Listener(plain)) }()
		conn, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
		_, _ = conn.Write([]byte(tc.header + request))
		answer, _ := io.ReadAll(conn) // cut off where nothing is wanted
		if tc.want == "" && len(answer) > 0 || !strings.Contains(string(answer), tc.want) {
			t.Errorf("%s: %q", name, answer)
		}
		_ = conn.Close()
		_ = server.Shutdown(context.Background())
	}
}

// FuzzPROXY: a header is taken off whole, or refused; never more than it may have.
func FuzzPROXY(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\nrest"))
	f.Add([]byte(v2(0x21, 0x11, "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x00\x50") + "rest"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bytes.NewReader(data)
		r := bufio.NewReader(in)
		from, err := readHeader(r)
		left := in.Len() + r.Buffered()
		if err == nil && (left >= len(data) || len(data)-left > len(signature)+4+maxExtras) {
			t.Errorf("%d of %d bytes", len(data)-left, len(data))
		}
		if err != nil && from.IsValid() {
			t.Errorf("%s and %v", from, err)
		}
	})
}
