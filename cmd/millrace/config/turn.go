package config

import (
	"errors"
	"fmt"
	"time"

	"millrace/transmux/rtc/turn"
)

// TURN is the TURN server in the gateway; it is off without an address.
type TURN struct {
	Address   string // UDP and TCP
	Secure    string // TLS
	Realm     string
	PublicIPs []string
	// Limits, as turn.Config has them.
	Allocations, PerAddress, PerSession int
	Bitrate                             int
	Lifetime                            time.Duration
}

func (c *TURN) defaults() {
	c.Realm = turn.DefaultRealm
	c.Allocations, c.PerAddress, c.PerSession = turn.DefaultAllocations, turn.DefaultPerAddress, turn.DefaultPerSession
	c.Bitrate, c.Lifetime = turn.DefaultBitrate, turn.DefaultLifetime
}

func (c *TURN) settings() []setting {
	return []setting{
		{"turn.address", address(&c.Address)},
		{"turn.tls_address", address(&c.Secure)},
		{"turn.realm", realm(&c.Realm)},
		{"turn.public_ips", hosts(&c.PublicIPs)},
		{"turn.allocations", count(&c.Allocations, 1, 1<<16)},
		{"turn.per_address", count(&c.PerAddress, 1, 1<<16)},
		{"turn.per_session", count(&c.PerSession, 1, 1<<10)},
		{"turn.bitrate", count(&c.Bitrate, 100_000, 10_000_000_000)},
		{"turn.lifetime", duration(&c.Lifetime, time.Minute, 30*24*time.Hour)},
	}
}

// realm takes a word that can stand in a STUN message as it is (RFC 8489 section 14.9).
func realm(into *string) func(string) error {
	return func(text string) error {
		if text == "" || len(text) > 127 || !nodeName.MatchString(text) {
			return fmt.Errorf("%q is no realm: write up to 64 letters, digits, dots, dashes and underscores", text)
		}
		*into = text
		return nil
	}
}

func (c *Config) validateTURN() error {
	if (c.TURN.Address != "" || c.TURN.Secure != "") && c.WebRTC.Address == "" {
		return errors.New("turn.address is for those who come to webrtc.address, which is off: set it, or turn both off")
	}
	return nil
}
