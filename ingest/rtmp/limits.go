package rtmp

import "time"

// Config is the server's settings. Zero fields take the default.
type Config struct {
	// MaxVideoMessage bounds one video message in bytes: one coded picture.
	MaxVideoMessage int
	// MaxPending bounds the connections that do not publish (yet). The one that
	// has waited longest makes room for a newer one.
	MaxPending int
	// HandshakeTimeout is from accepting to the end of the handshake.
	HandshakeTimeout time.Duration
	// PublishTimeout is from the handshake to an accepted publish.
	PublishTimeout time.Duration
	// IdleTimeout is how long a publisher may send no whole message and less
	// than a message's worth of bytes.
	IdleTimeout time.Duration
	// WriteTimeout is how long a peer may leave what we say to it unread.
	WriteTimeout time.Duration
	// Player serves those who want to watch; nil refuses them.
	Player Player
}

const (
	// A 4K keyframe at 80 Mb/s with a two-second GOP stays below 4 MiB.
	defaultMaxVideoMessage = 8 << 20
	// A thousand encoders that all come back in the second after a restart find
	// room; silent ones cost about 10 KB each.
	defaultMaxPending = 1024
	// Three round trips, on a bad mobile network.
	defaultHandshakeTimeout = 5 * time.Second
	// Four more round trips, and an authoriser that asks somebody else.
	defaultPublishTimeout = 10 * time.Second
	// Encoders send several messages a second; a viewer has given up long before.
	defaultIdleTimeout  = 30 * time.Second
	defaultWriteTimeout = 5 * time.Second
)

const (
	// maxStarting bounds the connections for which the protocol library runs and
	// which do not publish yet: each costs it 80 KB and three goroutines.
	maxStarting = 256

	// maxCommand bounds commands and data messages. An Enhanced RTMP connect
	// with all its maps stays below 4 KiB, metadata below 16.
	maxCommand = 64 << 10
	// maxAudio holds a second of lossless multichannel audio.
	maxAudio = 1 << 20
	// maxControl bounds protocol and user control messages; the longest that
	// the specification knows has 10 bytes.
	maxControl = 64
	// maxChunk is the largest chunk that can be useful: a message's length is a
	// 24-bit field (section 5.4.1).
	maxChunk = 0xFFFFFF
	// maxChunkStreams: OBS uses 3 chunk streams, ffmpeg 5, hardware up to 8.
	maxChunkStreams = 64
	// maxAggregate bounds the messages in one aggregate: a second of everything.
	maxAggregate = 1024

	// budgetPending bounds what a connection may make us hold in unfinished
	// messages before it publishes, budgetSpare what a publisher may beside one
	// video message.
	budgetPending = 16 << 10
	budgetSpare   = maxAudio + 4*maxCommand
	// Messages start with this much memory and grow as their bytes come in.
	grainPending    = 2 << 10
	grainPublishing = 64 << 10
	// What is read from the socket at a time.
	readBufferPending    = 2 << 10
	readBufferPublishing = 32 << 10

	// progressBytes of an unfinished message count as a sign of life.
	progressBytes = 64 << 10
	// maxUnsent bounds what a peer may leave unread of answers, beside the
	// socket's buffer.
	maxUnsent = 32 << 10
	// feedBelow is how much may wait for a viewer when more is added: some frames
	// in one write, and so little that it is still at the live edge.
	feedBelow = 64 << 10
	// writePiece is what a peer must take within the write timeout.
	writePiece = 128 << 10
	// maxKept bounds a write buffer that is kept for the next time.
	maxKept = 512 << 10
	// libraryBuffer, of each direction, holds any message that the library says.
	libraryBuffer = 4 << 10
	// librarySendChunk is our chunk size: more than any message we send.
	librarySendChunk = 64 << 10
	// sendBuffer bounds what it may leave unread inside: we say a kilobyte.
	sendBuffer = 32 << 10
	// ackWindowMin keeps a peer from asking for an acknowledgement per message.
	ackWindowMin = 64 << 10
	// lingerTimeout is how long a connection stays half open after its end, so
	// that the peer reads why before it sees a reset.
	lingerTimeout = 500 * time.Millisecond

	// maxBad consecutive messages that cannot be read end a session.
	maxBad = 100
	// maxStrays messages for streams that do not exist are forgiven (deleted
	// streams have messages on the way).
	maxStrays = 1024
	// maxMessageStreams per connection: the control stream and one that
	// publishes are what encoders use.
	maxMessageStreams = 8
)

func (c Config) withDefaults() Config {
	orInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	orTime := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	orInt(&c.MaxVideoMessage, defaultMaxVideoMessage)
	orInt(&c.MaxPending, defaultMaxPending)
	orTime(&c.HandshakeTimeout, defaultHandshakeTimeout)
	orTime(&c.PublishTimeout, defaultPublishTimeout)
	orTime(&c.IdleTimeout, defaultIdleTimeout)
	orTime(&c.WriteTimeout, defaultWriteTimeout)
	return c
}
