package turn

import "time"

// What Config's zero fields take.
const (
	// DefaultAllocations is relays in all. Each costs a socket and two goroutines, and
	// each packet two more system calls, one at a time.
	DefaultAllocations = 1000
	// DefaultPerAddress is those of one address, behind which a whole office may
	// sit whose firewall lets nothing else out; a browser makes one for each of
	// the three ways in and each of its networks.
	DefaultPerAddress = 200
	// DefaultPerSession is those of one session: three ways in, of two networks,
	// once more after a change of network.
	DefaultPerSession = 12
	// DefaultBitrate, bits a second, lets 4K through, and the burst of a joining
	// viewer's cached pictures.
	DefaultBitrate = 50_000_000
	// DefaultLifetime is longer than anybody watches.
	DefaultLifetime = 24 * time.Hour
	// DefaultRealm is shown to nobody by browsers.
	DefaultRealm = "millrace"
)

const (
	// maxFrame bounds what a client may send at once, bytes: WebRTC's packets stay
	// below an Ethernet frame, and TURN's wrapping is 36 bytes.
	maxFrame = 1600
	// maxLegs bounds the addresses of this gateway that one relay is used for.
	maxLegs = 16
	// maxWaiting bounds the connections that have no relay.
	maxWaiting = 256
	// waitTime is how long a connection may have none: a browser needs the
	// handshake and two round trips.
	waitTime = 10 * time.Second
	// writeTime is how long a client may take nothing before its connection is
	// closed, as port has it.
	writeTime = 10 * time.Second
	// legQueue is how many packets of the gateway wait for a slow client, and
	// legBuffer what the kernel keeps before them, bytes: a keyframe and then some.
	legQueue  = 256
	legBuffer = 1 << 20
	// burstTime is how much of the bitrate may be saved up.
	burstTime = time.Second
	// firstNominal begins the ports that relayed addresses are said to have. None
	// of them is open: the only peer answers to where packets come from.
	firstNominal = 49152
)

func (c *Config) defaults() {
	for _, one := range []struct {
		field *int
		value int
	}{
		{&c.Allocations, DefaultAllocations},
		{&c.PerAddress, DefaultPerAddress},
		{&c.PerSession, DefaultPerSession},
		{&c.Bitrate, DefaultBitrate},
	} {
		if *one.field <= 0 {
			*one.field = one.value
		}
	}
	if c.Lifetime <= 0 {
		c.Lifetime = DefaultLifetime
	}
	if c.Realm == "" {
		c.Realm = DefaultRealm
	}
}
