package receiver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
)

// pionServer is a WHEP server of pion's for one session: a full ICE agent, and the
// DTLS client, as servers that are no gateway of ours are.
type pionServer struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	work    sync.WaitGroup
	stop    chan struct{}
	mu      sync.Mutex
	reports []rtcp.ReceptionReport // guarded by mu
}

func servePion(t *testing.T, role webrtc.DTLSRole) (*pionServer, string) {
	s := &pionServer{t: t, stop: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			return
		}
		offer, err := io.ReadAll(r.Body)
		if err == nil {
			err = s.answer(w, string(offer), role)
		}
		if err != nil {
			t.Error(err)
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(func() {
		server.Close()
		close(s.stop)
		if s.pc != nil {
			if err := s.pc.GracefulClose(); err != nil {
				t.Error(err)
			}
		}
		s.work.Wait()
	})
	return s, server.URL
}

func (s *pionServer) answer(w http.ResponseWriter, offer string, role webrtc.DTLSRole) error {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if err := settings.SetAnsweringDTLSRole(role); err != nil {
		return err
	}
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return err
	}
	chain := &interceptor.Registry{}
	err := webrtc.ConfigureRTCPReports(chain)
	if err != nil {
		return err
	}
	if s.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(chain)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}, "video", "s")
	if err != nil {
		return err
	}
	sender, err := s.pc.AddTrack(track)
	if err != nil {
		return err
	}
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return err
	}
	answer, err := s.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(answer); err != nil {
		return err
	}
	<-gathered
	s.work.Go(func() { s.play(track) })
	s.work.Go(func() { s.listen(sender) })
	w.Header().Set("Location", "session")
	w.WriteHeader(http.StatusCreated)
	_, err = io.WriteString(w, s.pc.LocalDescription().SDP)
	return err
}

// play sends a keyframe of a few packets every 20 ms.
func (s *pionServer) play(track *webrtc.TrackLocalStaticSample) {
	start := []byte{0, 0, 0, 1}
	picture := append(append([]byte(nil), start...), 0x67, 0x42, 0, 0x1f)
	picture = append(append(picture, start...), 0x68, 0xce, 0x3c, 0x80)
	picture = append(append(picture, start...), 0x65)
	for range 4000 {
		picture = append(picture, 0x80)
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// Before the connection stands there is nobody to write to.
			_ = track.WriteSample(media.Sample{Data: picture, Duration: 20 * time.Millisecond})
		case <-s.stop:
			return
		}
	}
}

// listen keeps what the viewer reports.
func (s *pionServer) listen(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if rr, ok := p.(*rtcp.ReceiverReport); ok {
				s.mu.Lock()
				s.reports = append(s.reports, rr.Reports...)
				s.mu.Unlock()
			}
		}
	}
}

func (s *pionServer) reported() []rtcp.ReceptionReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]rtcp.ReceptionReport(nil), s.reports...)
}

// TestAgainstPion watches a server that is not ours, in either DTLS role, and
// wants to be believed.
func TestAgainstPion(t *testing.T) {
	for name, role := range map[string]webrtc.DTLSRole{"server is DTLS client": webrtc.DTLSRoleClient, "server is DTLS server": webrtc.DTLSRoleServer} {
		t.Run(name, func(t *testing.T) {
			s, url := servePion(t, role)
			v, err := newRoom(t, Config{}).Watch(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			happens(t, "the connection", v.Connected())
			happens(t, "the keyframe", v.Keyframe())
			await(t, "a report with a sender report in it", func() bool {
				for _, r := range s.reported() {
					if r.LastSenderReport != 0 && r.LastSequenceNumber != 0 {
						return true
					}
				}
				return false
			})
			for _, r := range s.reported() {
				if r.TotalLost != 0 || r.FractionLost != 0 {
					t.Errorf("reported %+v", r)
				}
			}
			if s := v.Stats(); s.Video.Lost+s.Broken+s.Unopened > 0 || s.Pictures < 20 {
				t.Errorf("%+v", s)
			}
			if err := v.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
