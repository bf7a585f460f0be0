package config

import (
	"fmt"
	"strconv"
	"strings"

	"millrace/ingest"
	"millrace/playout"
	"millrace/transmux/rtc/resource"
)

// mostCount is more than one machine serves of anything.
const mostCount = 1 << 20

// Limits is how much anybody gets. Zero is no limit, where it may be set.
type Limits struct {
	Publishers        int
	StreamsPerUser    int
	StreamsPerAddress int
	Bitrate           int // bits a second of each publisher
	Viewers           int
	ViewersPerStream  int
	ViewersPerAddress int
	Requests          int // a second, of one address, that start, change or end sessions
}

func (c *Limits) defaults() {
	c.Publishers = ingest.DefaultMaxPublishers
	c.Viewers = playout.DefaultMaxViewers
	c.Requests = resource.DefaultRate
}

func (c *Limits) settings() []setting {
	return []setting{
		{"limits.publishers", count(&c.Publishers, 1, mostCount)},
		{"limits.streams_per_user", count(&c.StreamsPerUser, 0, mostCount)},
		{"limits.streams_per_address", count(&c.StreamsPerAddress, 0, mostCount)},
		{"limits.bitrate", bitsPerSecond(&c.Bitrate, "0 for any")},
		{"limits.viewers", count(&c.Viewers, 1, mostCount)},
		{"limits.viewers_per_stream", count(&c.ViewersPerStream, 0, mostCount)},
		{"limits.viewers_per_address", count(&c.ViewersPerAddress, 0, mostCount)},
		{"limits.requests", count(&c.Requests, 1, mostCount)},
	}
}

// Ingest are the limits as the publishers' gate has them.
func (c *Limits) Ingest() ingest.Limits {
	return ingest.Limits{Publishers: c.Publishers, PerUser: c.StreamsPerUser, PerAddress: c.StreamsPerAddress, Bitrate: c.Bitrate}
}

// Playout are the limits as the viewers' gate has them.
func (c *Limits) Playout() playout.Limits {
	return playout.Limits{Viewers: c.Viewers, PerStream: c.ViewersPerStream, PerAddress: c.ViewersPerAddress}
}

// bitsPerSecond takes a bitrate, or 0, which means what is said.
func bitsPerSecond(into *int, zero string) func(string) error {
	const least, most = 100_000, 100_000_000
	return func(text string) error {
		number, unit := text, 1
		for suffix, of := range map[string]int{"k": 1000, "M": 1_000_000} {
			if rest, ok := strings.CutSuffix(text, suffix); ok {
				number, unit = rest, of
			}
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no bitrate: write bits a second, or a number with k or M, such as 2500k; %s", text, zero)
		}
		if n != 0 && (n > most/unit || n*unit < least) {
			return fmt.Errorf("%s is out of range: from %d to %d bits a second, or %s", text, least, most, zero)
		}
		*into = n * unit
		return nil
	}
}
