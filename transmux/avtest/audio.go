package avtest

// AACConfig is an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1) and what it says.
type AACConfig struct {
	ASC        []byte
	Profile    string
	SampleRate int // of what comes out, with SBR
	Channels   int // of what comes out, with PS
	Playable   bool
}

// AACConfigs are the configurations that publishers send: the ones a browser can
// be served from first, then those that only ffmpeg can decode.
func AACConfigs() []AACConfig {
	return []AACConfig{
		{bytesOf("1190"), "AAC-LC", 48000, 2, true},
		{bytesOf("1188"), "AAC-LC", 48000, 1, true},
		{bytesOf("1210"), "AAC-LC", 44100, 2, true},
		{bytesOf("1208"), "AAC-LC", 44100, 1, true},
		{bytesOf("11b0"), "AAC-LC", 48000, 6, false},
		{bytesOf("2b118800"), "HE-AAC", 48000, 2, false},
		{bytesOf("eb098800"), "HE-AAC v2", 48000, 2, false},
	}
}

// AACSilence is an AAC-LC access unit of 1024 silent samples, for any sample rate.
func AACSilence(channels int) []byte {
	if channels == 1 {
		return bytesOf("01182007")
	}
	return bytesOf("211004608c1c")
}

// OpusSilence is an Opus packet of 20 silent milliseconds (RFC 6716 section 3.1:
// CELT, full band, one frame).
func OpusSilence(channels int) []byte {
	if channels == 1 {
		return bytesOf("f8fffe")
	}
	return bytesOf("fcfffe")
}
