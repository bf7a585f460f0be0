package rtsp

import "strconv"

// Media is one m-line of a session description.
type Media struct {
	Kind    string // "video", "audio", "application"
	Control string // as it was said, for SETUP
	Formats []Format
}

// Format is one way in which a media is coded.
type Format struct {
	PayloadType uint8
	Encoding    string // the name in lower case, as in "h264"; empty if there is none
	ClockRate   int    // in hertz, 0 if unknown
	Channels    int    // 0 if it is not said
	Parameters  map[string]string
}

// String is the format in a line of a log.
func (f Format) String() string {
	if f.Encoding == "" {
		return "payload type " + strconv.Itoa(int(f.PayloadType))
	}
	return f.Encoding + "/" + strconv.Itoa(f.ClockRate)
}

// assigned are the payload types that need no a=rtpmap (RFC 3551 section 6).
var assigned = map[uint8]Format{
	0:  {Encoding: "pcmu", ClockRate: 8000, Channels: 1},
	3:  {Encoding: "gsm", ClockRate: 8000, Channels: 1},
	8:  {Encoding: "pcma", ClockRate: 8000, Channels: 1},
	9:  {Encoding: "g722", ClockRate: 8000, Channels: 1},
	10: {Encoding: "l16", ClockRate: 44100, Channels: 2},
	11: {Encoding: "l16", ClockRate: 44100, Channels: 1},
	14: {Encoding: "mpa", ClockRate: 90000},
	26: {Encoding: "jpeg", ClockRate: 90000},
	32: {Encoding: "mpv", ClockRate: 90000},
	33: {Encoding: "mp2t", ClockRate: 90000},
}
