// Package nut writes and reads the NUT container (FFmpeg's nut.txt, version 3), as
// far as a stream of one track through a pipe needs it: every frame stands alone
// with its size in front, so that no frame waits for the next one, and its
// timestamp is as exact as the time base.
//
// transmux/derive/ffmpeg talks to its child process in it. This room knows bytes
// only; what is in a frame is its caller's business.
package nut

// Startcodes stand in front of everything that is no frame (nut.txt, "startcodes").
const (
	fileID         = "nut/multimedia container\x00"
	mainStartcode  = 0x4E4D7A561F5F04AD
	streamCode     = 0x4E5311405BF2F9DB
	syncpointCode  = 0x4E4BE4ADEECA4569
	indexCode      = 0x4E58DD672F23E64E
	infoCode       = 0x4E49AB68B596BA78
	firstStartByte = 'N'
)

// Frame flags (nut.txt, "frame_flags").
const (
	flagKey        = 1
	flagCodedPTS   = 8
	flagStreamID   = 16
	flagSizeMSB    = 32
	flagChecksum   = 64
	flagReserved   = 128
	flagSideData   = 256
	flagHeaderIdx  = 1024
	flagMatchTime  = 2048
	flagCoded      = 4096
	flagInvalid    = 8192
	checksumAlways = 4096 // a packet longer than this has its head checked, too
)

// Class is a track's kind.
type Class uint64

// The classes.
const (
	Video Class = 0
	Audio Class = 1
)

// Track describes what is carried.
type Track struct {
	Class Class
	// FourCC is the codec's tag of four bytes, such as "H264".
	FourCC string
	// Rate is how many ticks of timestamps there are in a second.
	Rate int
	// Delay is how many frames a decoder holds back to bring them into order.
	Delay int
	// Extra is the codec's configuration as the decoder wants it; may be nil.
	Extra []byte
	// Width and Height are in pixels, of video.
	Width, Height int
	// FrameRate is in frames a second of video, 0 if not known.
	FrameRate float64
	// SampleRate is in hertz and Channels a count, of audio.
	SampleRate, Channels int
}

// Frame is one frame. Its data is that of the reader's own, not shared.
type Frame struct {
	PTS  int64 // in ticks of the track's rate
	Key  bool
	Data []byte
}

// crcTable is of the polynomial 0x04C11DB7, most significant bit first, begun with
// zero (nut.txt, "checksum").
var crcTable = func() (table [256]uint32) {
	for i := range table {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
		table[i] = c
	}
	return table
}()

func checksum(b []byte) uint32 {
	var c uint32
	for _, x := range b {
		c = c<<8 ^ crcTable[byte(c>>24)^x]
	}
	return c
}
