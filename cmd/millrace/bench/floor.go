package bench

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"time"
)

// Way is a way of sending a picture's packets to a viewer.
type Way string

// The ways, from nothing sent at all to what a server does.
const (
	WaySeal      Way = "seal"      // AES-128-GCM, and nothing sent
	WaySendto    Way = "sendto"    // a system call for each packet
	WaySendmmsg  Way = "sendmmsg"  // one for each picture, the packets separate
	WaySegmented Way = "segmented" // one for each picture, cut up by the kernel
)

// Floor is what sealing and sending costs without a server around it, in µs of CPU
// time a packet.
type Floor struct {
	Packets     float64 `json:"packets_per_picture"`
	PacketBytes int     `json:"bytes_per_packet"` // sealed
	Viewers     int     `json:"viewers"`
	// PictureRate is that of the loop; 0 is as fast as it goes.
	PictureRate float64 `json:"pictures_per_second"`
	AudioRate   float64 `json:"audio_packets_per_second"`
	Plain       bool    `json:"plain_sockets"`
	Eager       bool    `json:"eager_readers"`

	Seal      float64 `json:"seal_us_per_packet"`
	Sendto    float64 `json:"sendto_us_per_packet,omitempty"`
	Sendmmsg  float64 `json:"sendmmsg_us_per_packet,omitempty"`
	Segmented float64 `json:"segmented_us_per_packet"`
	// WithAudio is segmented, with each audio packet in a send of its own between.
	WithAudio float64 `json:"segmented_with_audio_us_per_packet,omitempty"`
}

const (
	// sealedBytes is what a packet grows by: RTP header and GCM tag (RFC 7714).
	sealedBytes = 12 + 16
	// audioBytes is an Opus packet of 20 ms at 128 kb/s, sealed, and audioPace how
	// many there are a second.
	audioBytes = 320 + sealedBytes
	audioPace  = 50
	// maxRun is the most that one segmented send takes, in packets and bytes.
	maxRunPackets = 64
	maxRunBytes   = 65000
)

// FloorOptions are those of `millrace bench floor`.
type FloorOptions struct {
	Packets  float64       `help:"Packets a picture, all in one send." default:"10"`
	Bytes    int           `help:"Bytes a packet, sealed." default:"1200"`
	Viewers  int           `help:"Sockets to send to, each with its own key." default:"1"`
	Rate     float64       `help:"Pictures a second to each; 0 is as fast as it goes." default:"0"`
	Duration time.Duration `help:"For each way of sending." default:"2s"`
	Plain    bool          `help:"Sockets read packet by packet, so that the kernel cuts each run up at the sender's expense."`
	Eager    bool          `help:"Readers wake up for each send, at the sender's expense."`
	JSON     string        `name:"json" help:"Write the result there, too." type:"path" placeholder:"FILE"`
}

func (o *FloorOptions) validate() error {
	switch {
	case o.Packets < 1 || o.Packets > maxRunPackets || o.Bytes < 2*sealedBytes || float64(o.Bytes)*o.Packets > maxRunBytes:
		return fmt.Errorf("%w: a picture must be of 1 to %d packets and at most %d bytes", ErrUsage, maxRunPackets, maxRunBytes)
	case o.Viewers < 1 || o.Viewers > maxViewers:
		return fmt.Errorf("%w: --viewers must be from 1 to %d", ErrUsage, maxViewers)
	case o.Rate < 0 || o.Rate > maxRate || o.Duration < 10*time.Millisecond || o.Duration > time.Hour:
		return fmt.Errorf("%w: --rate or --duration is out of range", ErrUsage)
	}
	return nil
}

// errNoFloor is where the floor cannot be measured.
var errNoFloor = errors.New("the floor is measured on Linux only")

// measureFloor measures all ways, or only what a load is compared with.
func measureFloor(ctx context.Context, o FloorOptions, all, audio bool) (*Floor, error) {
	f := &Floor{Packets: o.Packets, PacketBytes: o.Bytes, Viewers: o.Viewers, PictureRate: o.Rate, Plain: o.Plain, Eager: o.Eager}
	type part struct {
		way   Way
		audio float64
		into  *float64
	}
	parts := []part{{WaySeal, 0, &f.Seal}, {WaySegmented, 0, &f.Segmented}}
	if all {
		parts = append(parts, part{WaySendto, 0, &f.Sendto}, part{WaySendmmsg, 0, &f.Sendmmsg})
	}
	if audio && o.Rate > 0 {
		f.AudioRate = audioPace
		parts = append(parts, part{WaySegmented, audioPace, &f.WithAudio})
	}
	for _, p := range parts {
		cost, err := floorOf(ctx, o, p.way, p.audio)
		if err != nil {
			return nil, fmt.Errorf("bench: floor: %s: %w", p.way, err)
		}
		*p.into = cost
	}
	return f, nil
}

// strand is one viewer's share of the loop.
type strand struct {
	aead  cipher.AEAD
	nonce [12]byte
}

func newStrands(n int) ([]strand, error) {
	strands := make([]strand, n)
	for i := range strands {
		block, err := aes.NewCipher([]byte(fmt.Sprintf("key of viewer %02d", i%100))[:16])
		if err != nil {
			return nil, err
		}
		if strands[i].aead, err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	return strands, nil
}

// seal seals so many packets that lie end to end, each with a clear header.
func (s *strand) seal(run []byte, packets, size int) {
	const header, tag = 12, 16
	for i := range packets {
		p := run[i*size : (i+1)*size]
		s.nonce[11]++
		s.aead.Seal(p[:header], s.nonce[:], p[header:size-tag], p[:header])
	}
}

// dealer turns a rate into whole numbers: 2.5 becomes 2, 3, 2, 3.
type dealer struct{ rate, owed float64 }

func (d *dealer) next() int {
	d.owed += d.rate
	n := int(d.owed)
	d.owed -= float64(n)
	return n
}
