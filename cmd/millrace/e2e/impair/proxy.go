package impair

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxClients bounds the sockets; a test with more has another idea of a proxy.
	maxClients = 4096
	// maxDatagram is above any Ethernet frame; WebRTC stays below.
	maxDatagram = 2048
	// socketBuffer asks for room for a burst of joins: what the proxy's own
	// sockets lose, nobody counts.
	socketBuffer = 4 << 20
)

// Proxy carries datagrams between clients, which know its address only, and one
// server, to which each client is a socket of the proxy's.
type Proxy struct {
	front  *net.UDPConn
	server netip.AddrPort
	seed   uint64

	toClients, toServer direction

	mu      sync.Mutex
	clients map[netip.AddrPort]*client // guarded by mu
	order   []*client                  // guarded by mu
	closed  bool                       // guarded by mu
	stop    chan struct{}
	work    sync.WaitGroup
}

// client is one client's two lines and its socket towards the server.
type client struct {
	proxy    *Proxy
	addr     netip.AddrPort
	toServer *line
	toClient *line

	mu   sync.Mutex
	back *net.UDPConn // guarded by mu; replaced by Move
}

// Listen opens the proxy at an address for a server. The same seed and the same
// packets in the same order meet the same fate.
//
// A gateway names the address of its candidates (webrtc.public_ips), and always
// its own port's number: listen on that number of another loopback address, such
// as 127.0.0.2.
func Listen(address string, server netip.AddrPort, seed uint64) (*Proxy, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("impair: %w", err)
	}
	front, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, fmt.Errorf("impair: %w", err)
	}
	enlarge(front)
	p := &Proxy{front: front, server: server, seed: seed, clients: map[netip.AddrPort]*client{}, stop: make(chan struct{})}
	p.ToClients(Settings{})
	p.ToServer(Settings{})
	p.work.Go(p.readClients)
	return p, nil
}

// enlarge is a wish; the kernel grants what its limits allow.
func enlarge(c *net.UDPConn) {
	_ = c.SetReadBuffer(socketBuffer)
	_ = c.SetWriteBuffer(socketBuffer)
}

// Addr is where clients send to.
func (p *Proxy) Addr() netip.AddrPort { return p.front.LocalAddr().(*net.UDPAddr).AddrPort() }

// ToClients and ToServer change what a direction does to packets from now on.
func (p *Proxy) ToClients(s Settings) { p.toClients.settings.Store(&s) }

// ToServer is ToClients for the other direction.
func (p *Proxy) ToServer(s Settings) { p.toServer.settings.Store(&s) }

// Counts are those of both directions since the start.
func (p *Proxy) Counts() (toClients, toServer Counts) {
	return p.toClients.counts(), p.toServer.counts()
}

// Move gives every client a new address as the server sees it, as a NAT does that
// forgets, or a phone that changes its network.
func (p *Proxy) Move() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	for _, c := range p.order {
		if err := c.dial(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the sockets and waits for everything; what is on its way is lost.
func (p *Proxy) Close() error {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	clients := p.order
	p.mu.Unlock()
	if closed {
		return nil
	}
	close(p.stop)
	err := p.front.Close()
	for _, c := range clients {
		c.mu.Lock()
		err = errors.Join(err, c.back.Close())
		c.mu.Unlock()
	}
	p.work.Wait()
	return err
}

func (p *Proxy) readClients() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := p.front.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // some client has gone, says ICMP
		}
		if c := p.client(netip.AddrPortFrom(from.Addr().Unmap(), from.Port())); c != nil {
			c.toServer.take(buf[:n], time.Now())
		}
	}
}

// client finds the client of that address, or makes it; nil when there are too
// many, or at the end.
func (p *Proxy) client(addr netip.AddrPort) *client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[addr]; c != nil {
		return c
	}
	if p.closed || len(p.clients) == maxClients {
		return nil
	}
	c := &client{proxy: p, addr: addr}
	seed := p.seed + uint64(2*len(p.clients))
	c.toServer = newLine(&p.toServer, seed, c.sendToServer)
	c.toClient = newLine(&p.toClients, seed+1, func(b []byte) error {
		_, err := p.front.WriteToUDPAddrPort(b, addr)
		return err
	})
	if c.dial() != nil {
		return nil // out of sockets; the client tries again
	}
	p.clients[addr] = c
	p.order = append(p.order, c)
	p.work.Go(func() { c.toServer.run(p.stop) })
	p.work.Go(func() { c.toClient.run(p.stop) })
	return c
}

// dial opens a socket towards the server and closes the one before.
func (c *client) dial() error {
	back, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.proxy.server))
	if err != nil {
		return fmt.Errorf("impair: %w", err)
	}
	enlarge(back)
	c.mu.Lock()
	old := c.back
	c.back = back
	c.mu.Unlock()
	if old != nil {
		err = old.Close()
	}
	c.proxy.work.Go(func() { c.readServer(back) })
	return err
}

func (c *client) sendToServer(b []byte) error {
	c.mu.Lock()
	back := c.back
	c.mu.Unlock()
	_, err := back.Write(b)
	return err
}

func (c *client) readServer(back *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := back.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the server has gone for now, says ICMP
		}
		c.toClient.take(buf[:n], time.Now())
	}
}
