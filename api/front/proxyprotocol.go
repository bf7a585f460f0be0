package front

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ProxyProtocol is that of HAProxy and of load balancers that do not look into
// connections: a header in front of each, of version 1 or 2.
const ProxyProtocol = "proxy-protocol"

const (
	// proxyTime is how long a proxy may take for its header, which it sends at once.
	proxyTime = 5 * time.Second
	// maxLine is the longest header of version 1, bytes (section 2.1).
	maxLine = 107
	// maxExtras bounds one of version 2, bytes; certificates of clients, which
	// some proxies append, have two kilobytes.
	maxExtras = 4 << 10
)

// errNoHeader says that a proxy did not say whom it speaks for.
var errNoHeader = errors.New("front: the connection does not begin with a PROXY header")

// Listener reads the headers of those proxies that are believed. Connections of others
// are what they are; one of theirs without a header is an error, since nothing else could
// tell their clients from them.
func (p Proxies) Listener(l net.Listener) net.Listener {
	if p.Header != ProxyProtocol || len(p.Networks) == 0 {
		return l
	}
	return &listener{l, p}
}

type listener struct {
	net.Listener
	proxies Proxies
}

// Accept is net.Listener's. It reads nothing: who serves the connection waits for it.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil || !l.proxies.trusts(peer.Addr().Unmap()) {
		return conn, nil
	}
	return &proxied{Conn: conn, reader: bufio.NewReader(conn), from: conn.RemoteAddr()}, nil
}

// proxied is a connection with a header.
type proxied struct {
	net.Conn
	reader *bufio.Reader
	once   sync.Once
	from   net.Addr
	err    error
}

// begin reads the header, once.
func (c *proxied) begin() {
	c.once.Do(func() {
		_ = c.SetReadDeadline(time.Now().Add(proxyTime))
		from, err := readHeader(c.reader)
		if err != nil {
			c.err = err
			_ = c.Close()
			return
		}
		_ = c.SetReadDeadline(time.Time{})
		if from.IsValid() {
			c.from = net.TCPAddrFromAddrPort(from)
		}
	})
}

// Read is net.Conn's.
func (c *proxied) Read(into []byte) (int, error) {
	if c.begin(); c.err != nil {
		return 0, c.err
	}
	return c.reader.Read(into)
}

// RemoteAddr is the client's.
func (c *proxied) RemoteAddr() net.Addr {
	c.begin()
	return c.from
}

// signature begins version 2 (section 2.2).
var signature = []byte("\r\n\r\n\x00\r\nQUIT\n")

// readHeader takes a header off a connection. The address is invalid where the proxy
// speaks for itself, or for somebody who has none.
func readHeader(r *bufio.Reader) (netip.AddrPort, error) {
	head, err := r.Peek(len(signature))
	switch {
	case err != nil:
		return netip.AddrPort{}, fmt.Errorf("%w: %w", errNoHeader, err)
	case bytes.Equal(head, signature):
		return readBinary(r)
	case bytes.HasPrefix(head, []byte("PROXY ")):
		return readLine(r)
	default:
		return netip.AddrPort{}, errNoHeader
	}
}

// readLine is version 1.
func readLine(r *bufio.Reader) (none netip.AddrPort, err error) {
	var line []byte
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		b, err := r.ReadByte()
		if err != nil || len(line) == maxLine {
			return none, errNoHeader
		}
		line = append(line, b)
	}
	words := strings.Split(strings.TrimSuffix(string(line), "\r\n"), " ")
	if len(words) > 1 && words[1] == "UNKNOWN" {
		return none, nil
	}
	if len(words) != 6 || words[1] != "TCP4" && words[1] != "TCP6" {
		return none, errNoHeader
	}
	addr, err := netip.ParseAddr(words[2])
	number, err2 := strconv.ParseUint(words[4], 10, 16)
	if err != nil || err2 != nil || addr.Zone() != "" || addr.Is4() != (words[1] == "TCP4") {
		return none, errNoHeader
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), nil
}

// readBinary is version 2.
func readBinary(r *bufio.Reader) (none netip.AddrPort, err error) {
	head := make([]byte, len(signature)+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return none, errNoHeader
	}
	command, family := head[12], head[13]>>4
	length := int(binary.BigEndian.Uint16(head[14:]))
	if command>>4 != 2 || length > maxExtras {
		return none, errNoHeader
	}
	rest := make([]byte, length)
	if _, err := io.ReadFull(r, rest); err != nil {
		return none, errNoHeader
	}
	size := map[byte]int{1: 4, 2: 16}[family] // of an address: AF_INET, AF_INET6
	switch {
	case command&0xF == 0 || size == 0: // LOCAL, or a family without addresses
		return none, nil
	case command&0xF != 1 || len(rest) < 2*size+4:
		return none, errNoHeader
	}
	addr, _ := netip.AddrFromSlice(rest[:size])
	return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(rest[2*size:])), nil
}
