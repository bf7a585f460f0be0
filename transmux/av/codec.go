package av

// Codec names a way of coding. The zero value is no codec.
type Codec uint8

// The codecs the house knows by name; not all of them can be played everywhere.
const (
	H264 Codec = iota + 1
	H265
	AV1
	VP8
	VP9
	AAC
	Opus
	MP3
	PCMU
	PCMA
	AC3
	EAC3
	FLAC
)

var codecNames = [...]string{
	H264: "H264",
	H265: "H265",
	AV1:  "AV1",
	VP8:  "VP8",
	VP9:  "VP9",
	AAC:  "AAC",
	Opus: "opus",
	MP3:  "MP3",
	PCMU: "PCMU",
	PCMA: "PCMA",
	AC3:  "AC3",
	EAC3: "EAC3",
	FLAC: "FLAC",
}

// String returns the name as SDP spells it ("H264", "opus"), or "unknown".
func (c Codec) String() string {
	if c == 0 || int(c) >= len(codecNames) {
		return "unknown"
	}
	return codecNames[c]
}

// Kind is the kind of track the codec makes; zero for no codec.
func (c Codec) Kind() Kind {
	switch c {
	case H264, H265, AV1, VP8, VP9:
		return Video
	case AAC, Opus, MP3, PCMU, PCMA, AC3, EAC3, FLAC:
		return Audio
	default:
		return 0
	}
}
