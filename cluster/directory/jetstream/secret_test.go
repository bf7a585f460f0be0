package jetstream

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// TestWithoutTheSecret: nobody gets anything out of a server who cannot show a
// certificate of the cluster, nor with one and without the password.
func TestWithoutTheSecret(t *testing.T) {
	server := serve(t, ServerConfig{Node: "server", Listen: "127.0.0.1:0"})
	routed := serve(t, ServerConfig{Node: "routed", Listen: "127.0.0.1:0", Routes: "127.0.0.1:0", Peers: []string{freePort(t)}})
	m := join(t, "a", nil, 1, urlOf(server))
	until(t, "it is connected", func() bool { return m.Health().Connected })

	wrong := trust(t, "another secret, as long as it must be")
	for name, config := range map[string]*tls.Config{
		"no certificate": {InsecureSkipVerify: true},
		"another one's":  {InsecureSkipVerify: true, Certificates: wrong.Certificates},
	} {
		for _, at := range []net.Addr{server.Addr(), routed.RoutesAddr()} {
			conn, err := tls.Dial("tcp", at.String(), config)
			if err != nil {
				continue
			}
			_ = conn.SetDeadline(time.Now().Add(atMost))
			got, err := io.ReadAll(conn) // with TLS 1.3 the refusal comes with the first read
			conn.Close()
			var timeout net.Error
			if err == nil || errors.As(err, &timeout) && timeout.Timeout() || len(got) > 0 {
				t.Errorf("%s at %s: got %q, %v", name, at, got, err)
			}
		}
	}
	// In the clear it does not even say its name.
	plain, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(atMost))
	_, _ = io.WriteString(plain, "CONNECT {}\r\nPING\r\n")
	if said, _ := bufio.NewReader(plain).ReadString('\n'); strings.Contains(said, "INFO") || strings.Contains(said, "PONG") {
		t.Errorf("in the clear: %q", said)
	}
	// A certificate alone is not enough.
	nc, err := nats.Connect(urlOf(server), nats.Secure(trust(t, secret)), nats.TLSHandshakeFirst())
	if !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("without the password: %v", err)
	}
	if err == nil {
		nc.Close()
	}
	// Nor does our node trust a server of others.
	store, err := Open(Config{Node: "x", Secret: secret, TLS: wrong, URLs: []string{urlOf(server)}}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	time.Sleep(300 * time.Millisecond) // for something to go wrong in
	if _, cause := store.Online(); cause == nil {
		t.Error("it connected with a wrong certificate")
	}
}

// TestOnANATSOfOthers: whoever listens there learns no name, and what it says is
// not believed.
func TestOnANATSOfOthers(t *testing.T) {
	open, err := StartServer(ServerConfig{Node: "theirs", Secret: "the secret of somebody else", Listen: "127.0.0.1:0"}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(open.Stop)
	theirs, err := newSeal("the secret of somebody else")
	if err != nil {
		t.Fatal(err)
	}
	url := "nats://" + userName + ":" + theirs.password() + "@" + open.Addr().String()
	spy, err := nats.Connect(url, nats.NoEcho())
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Close()
	var heard bytes.Buffer
	sub, err := spy.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	_ = sub.SetPendingLimits(-1, -1)
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}

	members := make([]*member, 2)
	for i, id := range []string{"firstnode", "secondnode"} {
		store, err := Open(Config{Node: "one of ours", Secret: secret, URLs: []string{url}, Replicas: 1}, testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		members[i] = serveOver(t, id, store)
	}
	until(t, "they have met", func() bool { return len(members[0].Nodes()) == 2 && len(members[1].Nodes()) == 2 })
	if _, err := members[0].Claim(t.Context(), "live/private", nil); err != nil {
		t.Fatal(err)
	}
	if p, err := members[1].Locate(t.Context(), "live/private"); err != nil || p.Node != "firstnode" {
		t.Errorf("%+v, %v", p, err)
	}
	// What the spy says is let go: garbage, and the truth in the wrong place.
	store := members[0].store
	for {
		m, err := sub.NextMsg(100 * time.Millisecond)
		if err != nil {
			break
		}
		heard.WriteString(m.Subject)
		heard.Write(m.Data)
		_ = spy.Publish(store.prefix+".roll", m.Data)
		_ = spy.Publish(store.prefix+".told."+store.subject("claim", "live/private"), m.Data)
	}
	_ = spy.Publish(store.subject("claim", "live/private"), []byte(`{"stream":"live/private","node":"secondnode"}`))
	_ = spy.Flush()
	if heard.Len() == 0 {
		t.Error("the spy heard nothing: this test tests nothing")
	}
	for _, name := range []string{"private", "firstnode", "secondnode"} {
		if bytes.Contains(heard.Bytes(), []byte(name)) {
			t.Errorf("%q is to be read on the wire", name)
		}
	}
	if n := len(members[1].Nodes()); n != 2 {
		t.Errorf("%d nodes", n)
	}
	e, err := store.Get(t.Context(), "claim", "live/private")
	if err != nil || e.Value != nil {
		t.Errorf("what a stranger wrote reads as %q, %v", e.Value, err)
	}
}

func TestSecretsThatAreTooShort(t *testing.T) {
	if _, err := Open(Config{Secret: "123"}, testLog(t)); err == nil {
		t.Error("a store with a short secret")
	}
	if _, err := StartServer(ServerConfig{Secret: "123", Listen: "127.0.0.1:0"}, testLog(t)); err == nil {
		t.Error("a server with a short secret")
	}
}
