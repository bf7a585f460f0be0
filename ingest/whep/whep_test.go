package whep

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"

	"millrace/transmux/bus"
)

// TestFromAnotherGateway: what is played there is here, picture and sound, as it
// was; a keyframe that is wanted here is asked for there, and the session ends
// there with the pull.
func TestFromAnotherGateway(t *testing.T) {
	there := newOrigin(t)
	c := newClip()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { c.publish(ctx, t, there.hub, "live/origin") })
	defer work.Wait()
	defer cancel()
	await(t, func() bool { s, _ := there.hub.Stream("live/origin"); return s.Live && s.Frames > 10 })

	u := strings.Replace(there.url, "http://", "http://t0ken@", 1)
	p := pull(t, u, slog.New(slog.NewTextHandler(testWriter{t}, nil)))
	r := p.record()
	c.checkPictures(t, r.Wait(100))
	snapshot, _ := p.hub.Stream(name)
	if got := snapshot.Publisher; got.Protocol != "whep" || strings.Contains(got.Remote, "t0ken") || !got.Refreshes {
		t.Errorf("the publisher is %+v", got)
	}
	if _, post := there.seen(http.MethodPost); post.Header.Get("Authorization") != "Bearer t0ken" {
		t.Errorf("authorization %q", post.Header.Get("Authorization"))
	}
	for len(c.asked) > 0 {
		<-c.asked
	}
	sub, err := p.hub.Subscribe(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	await(t, func() bool { sub.Stream().RequestKeyframe(); return len(c.asked) > 0 })
	if s, _ := there.hub.Stream("live/origin"); s.Viewers != 1 {
		t.Errorf("%d viewers there", s.Viewers)
	}
	if err := p.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended by %v", err)
	}
	await(t, func() bool { s, _ := there.hub.Stream("live/origin"); return s.Viewers == 0 })
	if n, _ := there.seen(http.MethodDelete); n != 1 {
		t.Errorf("%d DELETEs", n)
	}
}

// TestTheOtherGatewayStops: its goodbye ends the pull at once.
func TestTheOtherGatewayStops(t *testing.T) {
	there := newOrigin(t)
	c := newClip()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { c.publish(ctx, t, there.hub, "live/origin") })
	defer work.Wait()
	defer cancel()
	await(t, func() bool { s, _ := there.hub.Stream("live/origin"); return s.Frames > 10 })
	p := pull(t, there.url, slog.New(slog.DiscardHandler))
	p.record().Wait(20)
	there.hub.Close()
	if err := p.ended(); !errors.Is(err, errLeft) {
		t.Errorf("ended by %v", err)
	}
}

// TestFromPion: a server that is the DTLS client, and that shares nothing with our
// endpoint.
func TestFromPion(t *testing.T) {
	c := newClip()
	s := newPionServer(t)
	p := pull(t, s.url, slog.New(slog.NewTextHandler(testWriter{t}, nil)))
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	work.Go(func() { s.play(ctx, c) })
	defer work.Wait()
	defer cancel()
	c.checkPictures(t, p.record().Wait(100))
	select {
	case <-s.asked:
	case <-time.After(10 * time.Second):
		t.Error("pion was not asked for a keyframe")
	}
	_ = p.stop()
	select {
	case <-s.left:
	case <-time.After(10 * time.Second):
		t.Error("no DELETE came")
	}
}

// pionServer answers one WHEP session by a PeerConnection.
type pionServer struct {
	t            *testing.T
	url          string
	video, audio *webrtc.TrackLocalStaticSample
	connected    chan struct{}
	asked        chan struct{}
	left         chan struct{}
}

func newPionServer(t *testing.T) *pionServer {
	t.Helper()
	s := &pionServer{t: t, connected: make(chan struct{}), asked: make(chan struct{}, 1), left: make(chan struct{})}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	track := func(mime, id string) *webrtc.TrackLocalStaticSample {
		local, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, id, "stream")
		if err != nil {
			t.Fatal(err)
		}
		out, err := pc.AddTrack(local)
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() { s.listen(out) })
		return local
	}
	s.video, s.audio = track(webrtc.MimeTypeH264, "video"), track(webrtc.MimeTypeOpus, "audio")
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(s.connected) })
		}
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete && r.URL.Path == "/session":
			close(s.left)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/whep", http.StatusTemporaryRedirect)
		default:
			s.answer(pc, w, r)
		}
	}))
	s.url = server.URL + "/moved"
	t.Cleanup(func() { server.Close(); _ = pc.Close(); readers.Wait() })
	return s
}

func (s *pionServer) listen(out *webrtc.RTPSender) {
	for {
		packets, _, err := out.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, pli := p.(*rtcp.PictureLossIndication); pli {
				select {
				case s.asked <- struct{}{}:
				default:
				}
			}
		}
	}
}

func (s *pionServer) answer(pc *webrtc.PeerConnection, w http.ResponseWriter, r *http.Request) {
	offer, _ := io.ReadAll(r.Body)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)}); err != nil {
		s.t.Errorf("pion does not take the offer: %v\n%s", err, offer)
		return
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		s.t.Error(err)
		return
	}
	<-gathered
	w.Header().Set("Location", "/session")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, pc.LocalDescription().SDP)
}

// play sends the clip in a loop once there is a connection.
func (s *pionServer) play(ctx context.Context, c *clip) {
	select {
	case <-s.connected:
	case <-ctx.Done():
		return
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i := 0; ; i++ {
		var raw []byte
		unit := c.units[i%len(c.units)]
		nalus := unit.Slices
		if i%len(c.units) == 0 {
			nalus = append([][]byte{c.params.SPS, c.params.PPS}, nalus...)
		}
		for _, n := range nalus {
			raw = append(append(raw, 0, 0, 0, 1), n...)
		}
		_ = s.video.WriteSample(media.Sample{Data: raw, Duration: 20 * time.Millisecond})
		_ = s.audio.WriteSample(media.Sample{Data: silence, Duration: 20 * time.Millisecond})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// TestRefusals are told in words, without what stands in the URL.
func TestRefusals(t *testing.T) {
	there := newOrigin(t)
	answer := func(status int, header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if key, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(key, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const problem = `{"detail":"It is\u0007 off."}`
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc // nil: the origin, which plays nothing
		want    string
	}{
		{"nothing live", nil, "409 Conflict: Nobody publishes this stream now"},
		{"denied", answer(401, "", ""), "401 Unauthorized: it wants another credential"},
		{"no endpoint", answer(404, "", "<html>"), "404 Not Found: is the URL that of a WHEP endpoint?"},
		{"busy", answer(503, "Content-Type: application/problem+json", problem), "503 Service Unavailable: It is  off"},
		{"counter-offer", answer(406, "Content-Type: application/sdp", "v=0"), "406 Not Acceptable: it has none of the codecs"},
		{"another 200", answer(200, "", "v=0"), "the server answered 200 OK"},
		{"no Location", answer(201, "", "v=0"), "no Location"},
		{"no answer", answer(201, "Location: /s", "hello"), "the answer is not valid"},
		{"see other", answer(303, "Location: /s", ""), "does not keep the POST"},
		{"in circles", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
		}, "redirects again and again"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/s")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(bytes.Repeat([]byte("a=x\r\n"), 1<<18))
		}, "the answer is not valid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			at := there.url
			if tc.handler != nil {
				server := httptest.NewServer(tc.handler)
				defer server.Close()
				at = server.URL + "/whep/a"
			}
			at = strings.Replace(at, "http://", "http://s3cret:s3cret@", 1) + "?token=s3cret"
			var out bytes.Buffer
			p := pull(t, at, slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
			err := p.ended()
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
			if all := out.String() + err.Error(); strings.Contains(all, "s3cret") {
				t.Errorf("a secret leaks: %s", all)
			}
		})
	}
}

// TestNobodyThere: a dead server and one that stalls.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://u:s3cret@" + l.Addr().String() + "/whep/a?k=s3cret"
	_ = l.Close()
	p := pull(t, dead, slog.New(slog.DiscardHandler))
	if err := p.ended(); !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}

	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(asked)
		<-r.Context().Done()
	}))
	defer server.Close()
	p = pull(t, server.URL, slog.New(slog.DiscardHandler))
	<-asked
	if err := p.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestNameTaken: the session is given back.
func TestNameTaken(t *testing.T) {
	there := newOrigin(t)
	c := newClip()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { c.publish(ctx, t, there.hub, "live/origin") })
	defer work.Wait()
	defer cancel()
	await(t, func() bool { s, _ := there.hub.Stream("live/origin"); return s.Frames > 10 })
	p := pull(t, there.url, slog.New(slog.DiscardHandler))
	p.record()
	if _, err := p.hub.Publish(name, bus.PublisherInfo{}); !errors.Is(err, bus.ErrNameTaken) {
		t.Fatal(err)
	}
	p.hub.Close()
	if err := p.ended(); !errors.Is(err, bus.ErrShutdown) {
		t.Errorf("got %v", err)
	}
	await(t, func() bool { n, _ := there.seen(http.MethodDelete); return n == 1 })
}
