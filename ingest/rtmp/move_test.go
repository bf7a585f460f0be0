package rtmp

import (
	"strings"
	"testing"
)

// TestPublishersAreAskedToConnectAnew: those that said that they can, once, with
// another host where they came to this one's.
func TestPublishersAreAskedToConnectAnew(t *testing.T) {
	h := start(t, setup{})
	old := h.rude().publish("old") // says nothing of it
	able := h.rude().shakeHands()
	more := appendNumber(appendKey(nil, "capsEx"), capsReconnect)
	more = appendString(appendKey(more, "tcUrl"), "rtmp://a.example:1936/live")
	w := (&wire{}).command(typeCommandAMF0, enhancedConnect(0, more))
	w.command(typeCommandAMF0, commandBody("createStream", 2, amfNull))
	w.message(3, 0, typeCommandAMF0, commandBody("publish", 3, appendString(appendString([]byte{amfNull}, "able"), "live")...))
	able.send(w.b...)
	able.awaitText("NetStream.Publish.Start")
	await(t, "both publishers", func() bool { return len(h.hub.Streams()) == 2 })
	for i, want := range []int{1, 0} {
		if n := h.srv.Reconnect(func(string) string { return "b.example" }); n != want {
			t.Errorf("%d. time: %d are asked", i, n)
		}
	}
	able.awaitText(codeReconnect)
	able.awaitText("rtmp://b.example:1936/live")
	await(t, "the log's line", func() bool { return h.log.Has("connect anew") })
	_ = able.conn.Close()
	_ = old.conn.Close()
	await(t, "the publisher's end", func() bool {
		h.srv.movables.mu.Lock()
		defer h.srv.movables.mu.Unlock()
		return len(h.srv.movables.open) == 0
	})
}

func TestWhereToConnectAnew(t *testing.T) {
	for _, tc := range [][3]string{
		{"rtmp://a/live", "b", "rtmp://b/live"},
		{"rtmps://a:443/live/x?y=z", "b", "rtmps://b:443/live/x?y=z"},
		{"rtmp://[::1]:1935/live", "::2", "rtmp://[::2]:1935/live"},
		{"rtmp://a/live", "2001:db8::1", "rtmp://[2001:db8::1]/live"},
		{"rtmp://a/live", "a", ""},
		{"rtmp://a/live", "", ""},
		{"", "b", ""},
		{"rtmp://%zz", "b", ""},
	} {
		asked := ""
		if got := elsewhere(tc[0], func(host string) string { asked = host; return tc[1] }); got != tc[2] || strings.Contains(asked, ":1935") {
			t.Errorf("%v: %q", tc, got)
		}
	}
}
