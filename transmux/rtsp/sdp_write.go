package rtsp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// head is what stands before the media; nothing in it means anything to anybody,
// but some players want every line of it.
const head = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns= \r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"

// WriteSDP writes a session description. Media without a Control get the one that
// our own server knows them by.
func WriteSDP(media []Media) []byte {
	var b strings.Builder
	b.WriteString(head)
	for i, m := range media {
		writeMedia(&b, m)
		control := m.Control
		if control == "" {
			control = "trackID=" + strconv.Itoa(i)
		}
		fmt.Fprintf(&b, "a=control:%s\r\n", control)
		for _, f := range m.Formats {
			fmt.Fprintf(&b, "a=rtpmap:%d %s\r\n", f.PayloadType, f.encoding())
			if len(f.Parameters) == 0 {
				continue
			}
			var pairs []string
			for _, name := range slices.Sorted(maps.Keys(f.Parameters)) {
				pairs = append(pairs, name+"="+f.Parameters[name])
			}
			fmt.Fprintf(&b, "a=fmtp:%d %s\r\n", f.PayloadType, strings.Join(pairs, "; "))
		}
	}
	return []byte(b.String())
}

func writeMedia(b *strings.Builder, m Media) {
	fmt.Fprintf(b, "m=%s 0 RTP/AVP", m.Kind)
	for _, f := range m.Formats {
		fmt.Fprintf(b, " %d", f.PayloadType)
	}
	b.WriteString("\r\n")
}

func (f Format) encoding() string {
	s := f.Encoding + "/" + strconv.Itoa(f.ClockRate)
	if f.Channels > 0 {
		s += "/" + strconv.Itoa(f.Channels)
	}
	return s
}

// unknown is the payload type of a media that names none we can read, so that it
// still can be set up: a publisher sets up all that it has announced.
const unknown = 127

// Plain is the session description as the library is given it: the same media
// with the same controls and payload types, of codecs that it does not know and
// thus has no opinion about.
func Plain(media []Media) []byte { return plain("", media) }

func plain(control string, media []Media) []byte {
	var b strings.Builder
	b.WriteString(head)
	if control != "" {
		fmt.Fprintf(&b, "a=control:%s\r\n", control)
	}
	for _, m := range media {
		if m.Kind != "video" && m.Kind != "audio" {
			m.Kind = "application"
		}
		if len(m.Formats) == 0 {
			m.Formats = []Format{{PayloadType: unknown}}
		}
		writeMedia(&b, m)
		if m.Control != "" {
			fmt.Fprintf(&b, "a=control:%s\r\n", m.Control)
		}
		for _, f := range m.Formats {
			rate := f.ClockRate
			if rate <= 0 {
				rate = 90000
			}
			fmt.Fprintf(&b, "a=rtpmap:%d x/%d\r\n", f.PayloadType, rate)
		}
	}
	return []byte(b.String())
}
