package rtsp

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/rtsp"
)

// pull fetches from a camera until the test ends; the channel tells how it did.
func (h *house) pull(p *Puller, c *camera, userinfo, transport string) (stop func(), ended chan error) {
	h.t.Helper()
	u, err := url.Parse("rtsp://" + userinfo + c.addr + "/cam")
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- p.Pull(ctx, ingest.Source{Name: "live/cam", URL: u, Transport: transport})
	}()
	h.t.Cleanup(func() { cancel(); <-done })
	return cancel, ended
}

func (h *house) puller() *Puller {
	return NewPuller(ingest.New(h.hub, ingest.Config{}, slog.New(slog.DiscardHandler)), nil,
		slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

func TestPull(t *testing.T) {
	for name, tc := range map[string]struct {
		camera    *camera
		userinfo  string
		transport string
		says      string
	}{
		"UDP by itself":             {camera: &camera{udp: true}, says: "transport=udp"},
		"UDP wanted":                {camera: &camera{udp: true}, transport: ingest.TransportUDP, says: "transport=udp"},
		"TCP wanted":                {camera: &camera{udp: true}, transport: ingest.TransportTCP, says: "transport=tcp"},
		"no UDP there":              {camera: &camera{}, says: "source is fetched over TCP"},
		"no UDP comes":              {camera: &camera{udp: true, deaf: true}, says: "source is fetched over TCP"},
		"with credentials":          {camera: &camera{user: "admin", password: "s3c:ret%"}, userinfo: "admin:s3c%3Aret%25@", says: "transport=tcp"},
		"parameter sets in band":    {camera: &camera{inBand: true}, says: "transport=tcp"},
		"parameter sets in the SDP": {camera: &camera{}, says: "transport=tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, ingest.Config{})
			c := tc.camera
			c.t = t
			c.start()
			p := h.puller()
			p.room.limits.first = time.Second
			stop, ended := h.pull(p, c, tc.userinfo, tc.transport)
			tracks := h.tracks("live/cam", 2, 20)
			for _, track := range tracks {
				if want := [...]av.Codec{av.H264, av.PCMA}[track.Track.Kind-1]; track.Track.Codec != want {
					t.Errorf("%s", track.Track.Codec)
				}
			}
			h.says(tc.says)
			h.says("media left out")
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			if log := h.log.String(); strings.Contains(log, "s3c") {
				t.Errorf("the password is logged: %s", log)
			}
		})
	}
}

func TestPullFails(t *testing.T) {
	for name, tc := range map[string]struct {
		camera   *camera
		userinfo string
		is       error
		says     string
	}{
		"wrong password": {&camera{user: "admin", password: "good"}, "admin:s3cret@", rtsp.ErrCredentials, "401"},
		"no password":    {&camera{user: "admin", password: "good"}, "", rtsp.ErrCredentials, "401"},
		"no SDP":         {&camera{sdp: "what?"}, "admin:s3cret@", nil, "SDP"},
		"nothing to take": {
			&camera{sdp: "v=0\r\nm=video 0 RTP/AVP 26\r\na=control:trackID=0\r\n"}, "", errNothing, "none of the announced",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, ingest.Config{})
			c := tc.camera
			c.t = t
			c.start()
			_, ended := h.pull(h.puller(), c, tc.userinfo, "")
			err := <-ended
			if tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("it ended with %v", err)
			}
			if _, live := h.hub.Stream("live/cam"); live {
				t.Error("there is a stream")
			}
		})
	}
}

// A camera that dies ends the pull; the next one goes on in the same stream.
func TestPullOfACameraThatDies(t *testing.T) {
	h := build(t, ingest.Config{})
	c := &camera{t: t, udp: true}
	c.start()
	p := h.puller()
	_, ended := h.pull(p, c, "", "")
	h.tracks("live/cam", 2, 10)
	sub, err := h.hub.Subscribe(t.Context(), "live/cam") // a stream waits for its publisher while it is watched
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	c.stop()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no cause")
		}
	case <-time.After(patience):
		t.Fatal("it does not notice")
	}
	c.start()
	h.pull(p, c, "", "")
	h.until("the second generation", func() bool {
		s, ok := h.hub.Stream("live/cam")
		return ok && s.Generation == 2 && len(s.Tracks) == 2
	})
}

// A camera may be silent while it is alive, and no longer.
func TestPullOfASilentCamera(t *testing.T) {
	h := build(t, ingest.Config{})
	c := &camera{t: t}
	c.start()
	p := h.puller()
	p.room.limits.signs = time.Second
	_, ended := h.pull(p, c, "", ingest.TransportTCP)
	h.tracks("live/cam", 2, 10)
	c.mute(true)
	select {
	case err := <-ended:
		if !errors.Is(err, errSilent) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it does not notice")
	}
}

// A session description may be wrong in many ways; what comes in band counts.
func TestWrongDescriptions(t *testing.T) {
	params, _ := avtest.H264Sliced()
	sets := base64.StdEncoding.EncodeToString(params.SPS) + "," + base64.StdEncoding.EncodeToString(params.PPS)
	other := avtest.H264High720()
	wrong := base64.StdEncoding.EncodeToString(other.SPS) + "," + base64.StdEncoding.EncodeToString(other.PPS)
	for name, tc := range map[string]struct {
		fmtp string
		says string
	}{
		"none":            {"", "tracks=2"},
		"another's":       {"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + wrong + "\r\n", "tracks=2"},
		"garbage":         {"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IAKeKQ,aM4=,%%%\r\n", "parameter sets of the session description ignored"},
		"with start code": {"a=fmtp:96 sprop-parameter-sets=AAAAA" + "Wd=," + sets + "\r\n", "tracks=2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, ingest.Config{})
			c := &camera{t: t, inBand: true}
			c.sdp = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" + tc.fmtp +
				"a=control:trackID=0\r\nm=audio 0 RTP/AVP 8 101\r\na=control:trackID=1\r\na=rtpmap:101 telephone-event/8000\r\nb=AS:x\r\na=x\r\nz\r\n"
			c.start()
			h.pull(h.puller(), c, "", ingest.TransportTCP)
			for _, track := range h.tracks("live/cam", 2, 20) {
				if track.Track.Kind == av.Video && (track.Track.Width != 64 || track.Track.Height != 64) {
					t.Errorf("%dx%d", track.Track.Width, track.Track.Height)
				}
			}
			h.says(tc.says)
		})
	}
}
