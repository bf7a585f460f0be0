package whip

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"go.uber.org/goleak"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a gateway that takes WHIP.
type house struct {
	hub    *bus.Hub
	ledger *ledger.Ledger
	url    string
}

func newHouse(t *testing.T, cfg bus.Config) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	p, err := port.Listen(port.Config{Address: "127.0.0.1:0"}, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	transport := sender.New(p, log)
	work.Go(func() { _ = p.Serve(ctx) })
	work.Go(func() { _ = transport.Serve(ctx) })
	h := &house{hub: bus.New(cfg), ledger: ledger.New(nil)}
	resources := resource.New(resource.Config{})
	room := New(ingest.New(h.hub, ingest.Config{Ledger: h.ledger}, log), transport, resources, nil, log)
	router := chi.NewRouter()
	resources.Routes(router)
	room.Routes(router)
	server := httptest.NewServer(router)
	h.url = server.URL
	t.Cleanup(func() {
		room.Close()
		h.hub.Close()
		cancel()
		work.Wait()
		server.Close()
	})
	return h
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

// publisher is pion's PeerConnection, which shares nothing with our endpoint.
type publisher struct {
	t        *testing.T
	pc       *webrtc.PeerConnection
	h        *house
	location string
	asked    chan struct{} // a keyframe was asked for
}

// newPublisher offers one track of each codec; nil interceptors are pion's own.
func newPublisher(t *testing.T, h *house, tracks ...*webrtc.TrackLocalStaticSample) *publisher {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, registry); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{t: t, pc: pc, h: h, asked: make(chan struct{}, 100)}
	var readers sync.WaitGroup
	t.Cleanup(func() { _ = pc.Close(); readers.Wait() })
	for _, track := range tracks {
		tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() { p.listen(tr.Sender()) })
	}
	return p
}

// listen reads RTCP, which drives pion's NACK responder too.
func (p *publisher) listen(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			if pli, ok := packet.(interface{ MarshalSize() int }); ok && pli.MarshalSize() == 12 {
				select {
				case p.asked <- struct{}{}:
				default:
				}
			}
		}
	}
}

// post offers; it returns the status and, unless it is 201, the body.
func (p *publisher) post(stream string) (int, string) {
	p.t.Helper()
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	<-gathered
	response, err := http.Post(p.h.url+Path+stream, "application/sdp", bytes.NewReader([]byte(p.pc.LocalDescription().SDP)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != http.StatusCreated {
		return response.StatusCode, string(answer)
	}
	p.location = response.Header.Get("Location")
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		p.t.Fatalf("%v\n%s", err, answer)
	}
	return response.StatusCode, ""
}

// publish posts, and waits until pion is connected.
func (p *publisher) publish(stream string) {
	p.t.Helper()
	connected := make(chan struct{})
	var once sync.Once
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	if status, problem := p.post(stream); status != http.StatusCreated {
		p.t.Fatalf("refused with %d: %s", status, problem)
	}
	select {
	case <-connected:
	case <-time.After(10 * time.Second):
		p.t.Fatal("not connected within 10 s")
	}
}

func newTrack(t *testing.T, mime, id string) *webrtc.TrackLocalStaticSample {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, id, "stream")
	if err != nil {
		t.Fatal(err)
	}
	return track
}

func write(t *testing.T, track *webrtc.TrackLocalStaticSample, unit []byte, duration time.Duration) {
	t.Helper()
	if err := track.WriteSample(media.Sample{Data: unit, Duration: duration}); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it did not come to pass within 10 s")
		case <-time.After(2 * time.Millisecond):
		}
	}
}
