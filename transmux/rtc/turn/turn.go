// Package turn is a TURN server (RFC 8656) in the gateway, for browsers in networks
// that let neither UDP nor the WebRTC port's TCP out: it relays between them and this
// gateway's own WebRTC port, and nothing else.
//
// cmd/millrace opens its sockets and serves it; rtc/resource hands out what it grants.
// It must not know what a session is, nor what passes through.
//
// A relay that could be pointed elsewhere would be a way into the operator's network,
// so nobody points it: whatever peer a client names, packets go to the one target that
// the Gateway gives, or nowhere.
package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/turn/v5"

	"millrace/transmux/rtc/port"
)

// Gateway is where everything is relayed to; *port.Port is one.
type Gateway interface {
	// Addr is where it listens for UDP.
	Addr() netip.AddrPort
	// Candidates are the addresses that a peer is told.
	Candidates(peer netip.Addr) []port.Candidate
}

// Config is the room's settings. Zero fields take the default.
type Config struct {
	// Realm is what clients are told who asks for their password.
	Realm string
	// Hosts are what clients are told to connect to, host names or IP addresses;
	// where there are none it is what they reached the gateway by. TLSHost is that
	// for TLS, and must be in the certificate.
	Hosts   []string
	TLSHost string
	// Allocations, PerAddress and PerSession bound how many relays there are: in
	// all, of one address (an IPv6 network of 64 bits counts as one), of one session.
	Allocations, PerAddress, PerSession int
	// Bitrate is what a relay passes on in each direction, bits a second; what is
	// more is lost, as on a line that is too narrow.
	Bitrate int
	// Lifetime is how long credentials are good for at most, if the session that
	// they are for does not end before.
	Lifetime time.Duration
}

// Sockets are what the room serves on; nil is one that is off.
type Sockets struct {
	UDP net.PacketConn
	TCP net.Listener
	TLS net.Listener // plain; the room speaks TLS with TLSConfig
	// TLSConfig has the certificate.
	TLSConfig *tls.Config
}

// Room relays. Its methods are safe for concurrent use.
type Room struct {
	cfg     Config
	gateway Gateway
	sockets Sockets
	log     *slog.Logger
	crowd   *crowd
	stats   counters
	work    sync.WaitGroup // relays, and their readers

	mu       sync.Mutex
	grants   map[string]*grant // by user name
	sessions map[string]*grant
	relays   map[*relay]struct{}
	places   map[netip.Addr]int        // relays by network
	legs     map[netip.AddrPort]*relay // by where they send to the gateway from
	nominal  uint16                    // the last relayed address's port
	over     bool
}

// New makes a room on the sockets, which it closes when Serve ends.
func New(cfg Config, gateway Gateway, sockets Sockets, log *slog.Logger) *Room {
	cfg.defaults()
	return &Room{
		cfg: cfg, gateway: gateway, sockets: sockets, log: log, crowd: newCrowd(),
		grants: make(map[string]*grant), sessions: make(map[string]*grant),
		relays: make(map[*relay]struct{}), places: make(map[netip.Addr]int), legs: make(map[netip.AddrPort]*relay),
	}
}

// Serve relays until ctx ends, then closes everything.
func (r *Room) Serve(ctx context.Context) error {
	relays := addresses{r}
	cfg := turn.ServerConfig{
		LoggerFactory: loggers{r.log}, Realm: r.cfg.Realm, InboundMTU: maxFrame,
		AuthHandler: r.authenticate, QuotaHandler: r.hasRoom,
		EventHandler: turn.EventHandler{OnAllocationCreated: r.settle, OnAllocationDeleted: r.unsettle},
	}
	if r.sockets.UDP != nil {
		cfg.PacketConnConfigs = []turn.PacketConnConfig{{
			PacketConn: datagrams{r.sockets.UDP}, RelayAddressGenerator: relays, PermissionHandler: r.permits,
		}}
	}
	for _, l := range []listener{{Listener: r.sockets.TCP}, {Listener: r.sockets.TLS, secure: r.sockets.TLSConfig}} {
		if l.Listener == nil {
			continue
		}
		l.room, l.done = r, make(chan struct{})
		cfg.ListenerConfigs = append(cfg.ListenerConfigs, turn.ListenerConfig{
			Listener: &l, RelayAddressGenerator: relays, PermissionHandler: r.permits,
		})
	}
	server, err := turn.NewServer(cfg)
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	<-ctx.Done()
	if err = server.Close(); errors.Is(err, net.ErrClosed) {
		err = nil
	}
	r.crowd.close()
	r.closeAll()
	r.work.Wait()
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	return nil
}

// Close closes sockets that are not served.
func (s Sockets) Close() {
	for _, l := range []net.Listener{s.TCP, s.TLS} {
		if l != nil {
			_ = l.Close()
		}
	}
	if s.UDP != nil {
		_ = s.UDP.Close()
	}
}
