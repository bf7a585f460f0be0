package avtest

import "millrace/transmux/av"

// Track describes an H.264 track with these parameter sets.
func (p H264Params) Track() av.Track {
	return av.Track{
		Kind: av.Video, Codec: av.H264, Config: [][]byte{p.SPS, p.PPS},
		Profile: p.Profile, Width: p.Width, Height: p.Height,
	}
}

// Track describes an AAC track of this configuration.
func (c AACConfig) Track() av.Track {
	return av.Track{
		Kind: av.Audio, Codec: av.AAC, Config: [][]byte{c.ASC},
		Profile: c.Profile, SampleRate: c.SampleRate, Channels: c.Channels,
	}
}

// H264Track is an ordinary video track, AACTrack an ordinary audio track.
func H264Track() av.Track { return H264High720().Track() }

// AACTrack is AAC-LC, 48 kHz, stereo.
func AACTrack() av.Track { return AACConfigs()[0].Track() }

// OpusTrack is an Opus track in stereo.
func OpusTrack() av.Track {
	return av.Track{Kind: av.Audio, Codec: av.Opus, SampleRate: 48000, Channels: 2}
}
