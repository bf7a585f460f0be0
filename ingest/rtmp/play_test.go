package rtmp

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// holding is a player that begins, and then does nothing but hand out its link.
type holding struct {
	links chan *Link
	ended chan error
}

func (p *holding) Play(ctx context.Context, r PlayRequest, link *Link) error {
	link.Status("status", codePlayStart, "playing "+r.Stream)
	p.links <- link
	<-ctx.Done()
	p.ended <- context.Cause(ctx)
	return context.Cause(ctx)
}

// watcher is a client that plays.
type watcher struct {
	*client
	t *testing.T
}

func (h *harness) watcher(key string) *watcher {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := &client{conn: conn, in: newChunkReader(newInlet(conn, 4096), lengthLimits{1 << 20}, 4<<20, grainPending)}
	if err := c.beginPlaying(address{"rtmp", h.addr, "live", key}); err != nil {
		h.t.Fatal(err)
	}
	return &watcher{c, h.t}
}

// say sends a command on the stream.
func (w *watcher) say(name string, transaction float64, args ...byte) {
	w.t.Helper()
	body := append(append(appendNumber(appendString(nil, name), transaction), amfNull), args...)
	if err := w.write(appendMessage(nil, chunkStreamCommand, clientChunk, &message{kind: typeCommandAMF0, stream: w.stream, body: body})); err != nil {
		w.t.Fatal(err)
	}
}

// hears waits for a command of that name with the word in it.
func (w *watcher) hears(name, word string) {
	w.t.Helper()
	for {
		c, err := w.next()
		if err != nil {
			w.t.Fatalf("waiting for %s %s: %v", name, word, err)
		}
		if c.name == name && strings.Contains(string(c.args), word) {
			return
		}
	}
}

func TestCommandsOfPlayers(t *testing.T) {
	player := &holding{links: make(chan *Link, 1), ended: make(chan error, 1)}
	h := start(t, setup{cfg: Config{Player: player}})
	w := h.watcher("x")
	w.hears("onStatus", codePlayReset)
	w.hears("onStatus", codePlayStart)
	link := <-player.links
	wants := func(what string, video, audio bool) {
		t.Helper()
		await(t, what, func() bool { v, a := link.Wants(); return v == video && a == audio })
	}
	wants("everything", true, true)
	w.say("getStreamLength", 7, appendString(nil, "x")...)
	w.hears("_result", string(appendNumber([]byte{amfNull}, 0)))
	w.say("pause", 0, amfBoolean, 1)
	w.hears("onStatus", codePauseNotify)
	wants("nothing", false, false)
	w.say("pause", 0, amfBoolean, 0)
	w.hears("onStatus", codeUnpauseNotify)
	w.say("receiveAudio", 0, amfBoolean, 0)
	wants("no sound", true, false)
	w.say("receiveAudio", 0, amfBoolean, 1)
	w.say("receiveVideo", 0, amfBoolean, 0)
	wants("no picture", false, true)
	w.say("seek", 0, appendNumber(nil, 1000)...)
	w.hears("onStatus", codeSeekNotify)
	if err := link.Send(t.Context(), typeVideo, time.Second, []byte{0x17, 1}); err != nil {
		t.Error(err)
	}
	for m := (message{}); m.kind != typeVideo; {
		if err := w.in.next(&m); err != nil {
			t.Fatal(err)
		}
	}
	w.say("closeStream", 0)
	if err := <-player.ended; !errors.Is(err, errStopped) {
		t.Error(err)
	}
}

func TestOneStreamAConnection(t *testing.T) {
	player := &holding{links: make(chan *Link, 1), ended: make(chan error, 1)}
	h := start(t, setup{cfg: Config{Player: player}})
	w := h.watcher("x")
	w.hears("onStatus", codePlayStart)
	w.say("play", 0, appendString(nil, "y")...)
	if err := <-player.ended; !errors.Is(err, errSecond) {
		t.Error(err)
	}
}

// A gateway that stops says so to players.
func TestPlayersAreToldOfTheEnd(t *testing.T) {
	player := &holding{links: make(chan *Link, 1), ended: make(chan error, 1)}
	h := start(t, setup{cfg: Config{Player: player}})
	w := h.watcher("x")
	w.hears("onStatus", codePlayStart)
	<-player.links
	stopped := make(chan struct{})
	go func() { _ = h.stop(); close(stopped) }()
	w.hears("onStatus", codePlayUnpublish)
	_ = w.conn.Close()
	<-stopped
}

// Media waits for its turn, and for no longer than the connection or the player's
// session is there; what is held is bounded all the while.
func TestMediaWaitsForItsTurn(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	failed := make(chan error, 1)
	o := newOutbox(near, patience, new(atomic.Uint64), func(err error) { failed <- err })
	go o.run()
	frame := func(dst []byte) []byte { return append(dst, make([]byte, 10<<10)...) }
	ctx, cancel := context.WithCancel(context.Background())
	fed := make(chan int)
	go func() {
		n := 0
		for o.feed(ctx, frame) == nil {
			n++
		}
		fed <- n
	}()
	_, _ = io.ReadFull(far, make([]byte, 1)) // and no more
	held := func() int {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.pending)
	}
	await(t, "the outbox is full", func() bool { return held() >= feedBelow })
	if n := held(); n > feedBelow+10<<10 {
		t.Errorf("%d bytes are held", n)
	}
	if _, err := o.Write(make([]byte, 100)); err != nil || len(failed) > 0 {
		t.Error("there is no room for words beside media")
	}
	cancel()
	if n := <-fed; n < 7 || n > 20 {
		t.Errorf("fed %d frames", n)
	}
	far.Close()
	<-o.done
	if err := o.feed(context.Background(), frame); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a broken outbox takes a frame: %v", err)
	}
	near.Close()
}

// FuzzInformation reads what either side may say in a command.
func FuzzInformation(f *testing.F) {
	st := status{"error", "NetConnection.Connect.Rejected", "elsewhere"}
	f.Add(st.message(0).body)
	f.Add(append(appendNumber(appendString(nil, "_error"), 1), append([]byte{amfNull}, append(appendKey([]byte{amfObject}, "ex"),
		append(appendNumber(appendKey([]byte{amfObject}, "code"), 302), 0, 0, amfObjectEnd, 0, 0, amfObjectEnd)...)...)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := plainAMF(nil, b)
		if err != nil {
			return
		}
		c, err := parseCommand(plain)
		if err != nil {
			return
		}
		if n := len(c.values(3)); n > 3 {
			t.Errorf("%d values", n)
		}
		_, code, words := c.information()
		if s := explain(code, words); len(s) > maxWords+8 {
			t.Errorf("%d bytes of explanation", len(s))
		}
		_ = c.redirected()
	})
}

func TestRedirectsAreKnown(t *testing.T) {
	body := append(appendKey([]byte{amfNull, amfObject}, "ex"),
		append(appendNumber(appendKey([]byte{amfObject}, "code"), 302), 0, 0, amfObjectEnd, 0, 0, amfObjectEnd)...)
	if c := (command{name: "_error", args: body}); !c.redirected() {
		t.Error("a redirect is not seen")
	}
	if c := (command{name: "_error", args: []byte{amfNull}}); c.redirected() {
		t.Error("a redirect that is none")
	}
}
