package peer

import (
	"net/http"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/av"
)

// Profile names an SRTP protection profile (RFC 5764 section 4.1.2, RFC 7714
// section 14.2).
type Profile uint16

// The SRTP profiles that browsers speak.
const (
	AES128CMHMACSHA180 Profile = 0x0001
	AEADAES128GCM      Profile = 0x0007
)

// Options say how to watch. The zero value watches sound and picture over every
// interface and only counts. Callbacks run on the viewer's own goroutines, one
// call at a time per track; a slow one delays the packets behind it.
type Options struct {
	// Listen is the UDP address to receive on, such as "127.0.0.1:0" or
	// "[::1]:0"; empty means a free port on every interface, loopback included,
	// over IPv4.
	Listen string
	// TCP does without UDP: it connects to the server's TCP candidates (RFC 6544).
	// The server's goodbye is then not told from a lost connection.
	TCP bool
	// Profiles limits what SRTP profiles are offered; empty leaves it to pion.
	Profiles []Profile
	// Levels are the H.264 profile-level-ids offered, each in packetization
	// mode 1 and 0; empty offers those of the common browsers.
	Levels []string
	// NoVideo and NoAudio leave a kind out of the offer.
	NoVideo, NoAudio bool
	// Recover asks for lost video packets again, as browsers do, and takes them
	// as RTX. Packets then come out of order.
	Recover bool
	// Invited makes no offer: it asks for one of the server's and answers that.
	Invited bool
	// Client makes the HTTP requests; nil uses one of the viewer's own.
	Client *http.Client
	// Header is added to every HTTP request.
	Header http.Header

	// OnPacket sees every RTP packet, in the order of arrival.
	OnPacket func(Packet)
	// OnAccessUnit sees every video access unit, complete or not.
	OnAccessUnit func(AccessUnit)
	// OnReport sees every sender report.
	OnReport func(Report)
}

// Packet is one RTP packet that came in. RTP and the bytes behind it are valid
// only during the callback.
type Packet struct {
	Kind    av.Kind
	RTP     *rtp.Packet
	Arrived time.Time // when it was read off the socket
}

// Report is one RTCP sender report that came in.
type Report struct {
	Kind    av.Kind
	SR      *rtcp.SenderReport
	Arrived time.Time
}

// Timing holds what happened how long after the POST was begun; zero means not
// yet.
type Timing struct {
	Answered      time.Duration // the 201 was read
	Connected     time.Duration // ICE and DTLS are up
	FirstVideo    time.Duration // first video packet off the socket
	FirstAudio    time.Duration // first audio packet off the socket
	FirstKeyframe time.Duration // last packet of the first whole keyframe off the socket
}

// browserLevels are the H.264 profiles Chromium and Safari list, level 3.1 as
// they all say whatever they can decode.
func browserLevels() []string {
	return []string{"42001f", "42e01f", "4d001f", "64001f"}
}
