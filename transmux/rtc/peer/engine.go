package peer

import (
	"fmt"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"millrace/transmux/av"
)

// How long without an answer from the server until the path counts as
// disturbed, and as lost. Browsers give up after 30 s; a test need not wait for that.
const (
	iceDisturbed = 5 * time.Second
	iceLost      = 20 * time.Second
	iceKeepalive = 2 * time.Second
)

// engine makes the pion API of one viewer: its codecs, its socket, nothing shared.
func engine(o *Options, mux ice.UDPMux) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := codecs(media, o); err != nil {
		return nil, err
	}
	chain := &interceptor.Registry{}
	if err := webrtc.ConfigureRTCPReports(chain); err != nil {
		return nil, err
	}
	var s webrtc.SettingEngine
	if !o.TCP {
		s.SetICEUDPMux(mux)
	}
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes(networks(o))
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(iceDisturbed, iceLost, iceKeepalive)
	if len(o.Profiles) > 0 {
		var p []dtls.SRTPProtectionProfile
		for _, profile := range o.Profiles {
			p = append(p, dtls.SRTPProtectionProfile(profile))
		}
		s.SetSRTPProtectionProfiles(p...)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(chain)), nil
}

// codecs registers what is offered: Opus, and H.264 in each level and both
// packetization modes, mode 1 first as browsers do.
func codecs(m *webrtc.MediaEngine, o *Options) error {
	opus := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1;stereo=1",
		},
		PayloadType: 111,
	}
	if err := m.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	levels := o.Levels
	if len(levels) == 0 {
		levels = browserLevels()
	}
	pt := webrtc.PayloadType(96)
	for _, level := range levels {
		for _, mode := range []int{1, 0} {
			h264 := webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{
					MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
					SDPFmtpLine: fmt.Sprintf("level-asymmetry-allowed=1;packetization-mode=%d;profile-level-id=%s", mode, level),
					RTCPFeedback: []webrtc.RTCPFeedback{
						{Type: "goog-remb"},
						{Type: "ccm", Parameter: "fir"},
						{Type: "nack"},
						{Type: "nack", Parameter: "pli"},
					},
				},
				PayloadType: pt,
			}
			if err := m.RegisterCodec(h264, webrtc.RTPCodecTypeVideo); err != nil {
				return err
			}
			if o.Recover {
				if err := m.RegisterCodec(repairOf(h264), webrtc.RTPCodecTypeVideo); err != nil {
					return err
				}
			}
			pt++
		}
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		mid := webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESMidURI}
		if err := m.RegisterHeaderExtension(mid, kind); err != nil {
			return err
		}
	}
	return nil
}

// repairOf is the format that retransmissions of another one come in (RFC 4588),
// in the payload types above all of codecs'.
func repairOf(c webrtc.RTPCodecParameters) webrtc.RTPCodecParameters {
	const above = 16
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: "video/rtx", ClockRate: c.ClockRate, SDPFmtpLine: fmt.Sprintf("apt=%d", c.PayloadType),
		},
		PayloadType: c.PayloadType + above,
	}
}

// transceivers asks for the wanted kinds, receive only.
func transceivers(pc *webrtc.PeerConnection, o *Options) error {
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if !o.NoAudio {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, only); err != nil {
			return err
		}
	}
	if !o.NoVideo {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(k webrtc.RTPCodecType) av.Kind {
	if k == webrtc.RTPCodecTypeVideo {
		return av.Video
	}
	return av.Audio
}
