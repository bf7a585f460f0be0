package peer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"go.uber.org/goleak"

	"millrace/transmux/av"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// answerer is a WHEP server of pion's, for one session.
type answerer struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	plis    chan struct{}
	deleted chan struct{}
	work    sync.WaitGroup
	stop    chan struct{}
}

func serve(t *testing.T) (*answerer, string) {
	a := &answerer{t: t, plis: make(chan struct{}, 100), deleted: make(chan struct{}, 1), stop: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /whep/live/test", a.post)
	mux.HandleFunc("DELETE /sessions/1", func(http.ResponseWriter, *http.Request) { a.deleted <- struct{}{} })
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Close()
		close(a.stop)
		if a.pc != nil {
			if err := a.pc.GracefulClose(); err != nil {
				t.Error(err)
			}
		}
		a.work.Wait()
	})
	return a, s.URL + "/whep/live/test"
}

func (a *answerer) post(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(r.Body)
	if err == nil {
		err = a.answer(w, string(offer))
	}
	if err != nil {
		a.t.Error(err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (a *answerer) answer(w http.ResponseWriter, offer string) error {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return err
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	a.pc = pc
	video, err := a.add(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}, true)
	if err != nil {
		return err
	}
	audio, err := a.add(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, false)
	if err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return err
	}
	<-gathered
	w.Header().Set("Content-Type", "application/sdp")
	w.Header().Set("Location", "/sessions/1")
	w.WriteHeader(http.StatusCreated)
	_, err = io.WriteString(w, pc.LocalDescription().SDP)
	a.work.Go(func() { a.play(video, audio) })
	return err
}

func (a *answerer) add(c webrtc.RTPCodecCapability, wantPLI bool) (*webrtc.TrackLocalStaticSample, error) {
	t, err := webrtc.NewTrackLocalStaticSample(c, c.MimeType, "s")
	if err != nil {
		return nil, err
	}
	sender, err := a.pc.AddTrack(t)
	if err != nil || !wantPLI {
		return t, err
	}
	a.work.Go(func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				if _, ok := p.(*rtcp.PictureLossIndication); ok {
					a.plis <- struct{}{}
				}
			}
		}
	})
	return t, nil
}

// play sends a delta frame, then a keyframe and nine deltas over and over.
func (a *answerer) play(video, audio *webrtc.TrackLocalStaticSample) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	key := append([]byte("\x00\x00\x00\x01\x67\x42\xe0\x1f\x00\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x00\x01\x65"), make([]byte, 3000)...)
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-a.stop:
			return
		}
		frame := []byte("\x00\x00\x00\x01\x41\x9a\x01\x02")
		if i%10 == 1 {
			frame = key
		}
		// Fails before the connection stands and after it has gone.
		_ = video.WriteSample(media.Sample{Data: frame, Duration: 10 * time.Millisecond})
		_ = audio.WriteSample(media.Sample{Data: []byte{0xFC, 0xFF, 0xFE}, Duration: 20 * time.Millisecond})
	}
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestWatch(t *testing.T) {
	for name, profiles := range map[string][]Profile{"pion chooses": nil, "gcm": {AEADAES128GCM}, "cm": {AES128CMHMACSHA180}} {
		t.Run(name, func(t *testing.T) {
			server, url := serve(t)
			ctx := patient(t)
			units := make(chan AccessUnit, 1000)
			v, err := Watch(ctx, url, Options{
				Listen: "127.0.0.1:0", Profiles: profiles,
				OnAccessUnit: func(u AccessUnit) {
					select {
					case units <- u:
					default:
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(v.WaitConnected(ctx), v.WaitKeyframe(ctx)); err != nil {
				t.Fatal(err)
			}
			for u := range units {
				if u.Complete && u.Key {
					if len(u.NALUs) != 3 || len(u.NALUs[2]) != 3001 {
						t.Errorf("keyframe of %d units", len(u.NALUs))
					}
					break
				}
			}
			if err := v.RequestKeyframe(); err != nil {
				t.Error(err)
			}
			wait(t, server.plis, "no picture loss indication")
			for v.Stats(av.Audio).Packets < 5 { // each packet of video carries the loop on
				<-units
			}
			tm, st := v.Timing(), v.Stats(av.Video)
			if tm.Answered <= 0 || tm.Connected < tm.Answered || tm.FirstKeyframe < tm.FirstVideo || tm.FirstVideo <= 0 || tm.FirstAudio <= 0 {
				t.Errorf("timing out of order: %+v", tm)
			}
			if st.Lost != 0 || st.Duplicates != 0 || st.Backward != 0 || st.Reordered != 0 || st.Jumps != 0 {
				t.Errorf("stats %+v", st)
			}
			if err := v.Close(); err != nil {
				t.Error(err)
			}
			wait(t, server.deleted, "no DELETE")
			wait(t, v.Done(), "not done")
			if !errors.Is(v.Err(), ErrClosed) {
				t.Errorf("ended with %v", v.Err())
			}
		})
	}
}

func TestGoodbye(t *testing.T) {
	server, url := serve(t)
	ctx := patient(t)
	v, err := Watch(ctx, url, Options{Listen: "127.0.0.1:0", NoAudio: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.WaitKeyframe(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.pc.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, v.Done(), "the goodbye was not noticed")
	if !errors.Is(v.Err(), ErrGoodbye) {
		t.Errorf("ended with %v", v.Err())
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if len(server.deleted) != 0 {
		t.Error("DELETE of a session the server has ended")
	}
}

func TestVanish(t *testing.T) {
	server, url := serve(t)
	ctx := patient(t)
	v, err := Watch(ctx, url, Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.WaitConnected(ctx); err != nil {
		t.Fatal(err)
	}
	if err := v.Vanish(); err != nil {
		t.Error(err)
	}
	if len(server.deleted) != 0 {
		t.Error("a vanished viewer sent DELETE")
	}
}

func TestRefused(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusConflict)
		if err := json.NewEncoder(w).Encode(Problem{Title: "Not live", Detail: "nobody publishes"}); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	_, err := Watch(patient(t), s.URL, Options{Listen: "127.0.0.1:0"})
	var status *StatusError
	if !errors.As(err, &status) {
		t.Fatalf("got %v", err)
	}
	if status.Status != 409 || status.RetryAfter != 2*time.Second || status.Problem.Title != "Not live" {
		t.Errorf("got %+v", status)
	}
}

func TestBadAnswers(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"no location": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/sdp")
			w.WriteHeader(201)
		},
		"not sdp": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/s")
			w.WriteHeader(201)
		},
		"bad sdp": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/s")
			w.Header().Set("Content-Type", "application/sdp")
			w.WriteHeader(201)
			_, _ = io.WriteString(w, "v=0\r\nrubbish")
		},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(h)
			defer s.Close()
			if v, err := Watch(patient(t), s.URL, Options{Listen: "127.0.0.1:0"}); err == nil {
				t.Errorf("accepted; close says %v", v.Close())
			}
		})
	}
}

func wait[T any](t *testing.T, c <-chan T, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal(what)
	}
}
