package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// pebblePath is Let's Encrypt's authority for tests, which .ci/prepare installs.
const pebblePath = "../../../.cache/bin/pebble"

// names is a DNS server for which every name is this machine.
func names(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
				}}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// authority runs Pebble, which asks whose a domain is on these ports of this machine. It
// gives the directory, and the file of who signed the directory's certificate.
func authority(t *testing.T, httpPort, tlsPort uint16) (directory, root string) {
	t.Helper()
	if _, err := os.Stat(pebblePath); err != nil {
		t.Fatalf("%v: run make prepare", err)
	}
	public, secret := certificate(t)
	at := freePort(t, "127.0.0.1") // Pebble takes no zero
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": at, "managementListenAddress": freePort(t, "127.0.0.1"),
		"certificate": public, "privateKey": secret, "httpPort": httpPort, "tlsPort": tlsPort,
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	pebble := exec.Command(pebblePath, "-config", file, "-dnsserver", names(t))
	pebble.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	if err := pebble.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pebble.Process.Kill(); _ = pebble.Wait() })
	err = poll(t.Context(), patience, func() bool {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	if err != nil {
		t.Fatalf("pebble does not listen: %v", err)
	}
	return fmt.Sprintf("https://%s/dir", at), public
}
