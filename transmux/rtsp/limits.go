package rtsp

import "time"

// Config is the server's settings. Zero fields take the default.
type Config struct {
	// MaxWaiting bounds the connections that neither play nor publish (yet). The one
	// that has waited longest makes room for a newer one.
	MaxWaiting int
	// SetupTimeout is from accepting a connection to its PLAY or RECORD.
	SetupTimeout time.Duration
	// WriteTimeout is how long a peer may take nothing of what it is sent.
	WriteTimeout time.Duration
}

const (
	// Each costs some 20 KB and three goroutines.
	defaultMaxWaiting = 512
	// A TLS handshake, five requests, and on top somebody who is asked whether the
	// credentials are good, or a source that must be fetched first.
	defaultSetupTimeout = 30 * time.Second
	defaultWriteTimeout = 10 * time.Second

	// writeQueue is how many packets of a session may wait in the library; it must
	// be a power of two. maxUnsent is how many of them ours are at most.
	writeQueue = 512
	maxUnsent  = 256
	// maxPacket bounds packets that go out: payload, header, and room to spare. The
	// library takes no more than fits a datagram.
	maxPacket = 1472
	// silence is after how long without a packet the library itself ends a
	// publisher's session; the rooms are stricter, and know why.
	silence = 20 * time.Minute
)

// writeBuffer is what the system may hold of a connection: at 100 ms from here to
// there and back it lets 80 Mb/s through. The system's own idea is several times
// that, which of a slow viewer's line is seconds of old pictures.
const writeBuffer = 1 << 20

// TCP's own probes find a peer that has vanished when nothing is sent to it.
const (
	probeIdle     = 15 * time.Second
	probeInterval = 5 * time.Second
	probeCount    = 3
)

func (c Config) withDefaults() Config {
	if c.MaxWaiting <= 0 {
		c.MaxWaiting = defaultMaxWaiting
	}
	if c.SetupTimeout <= 0 {
		c.SetupTimeout = defaultSetupTimeout
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = defaultWriteTimeout
	}
	return c
}
