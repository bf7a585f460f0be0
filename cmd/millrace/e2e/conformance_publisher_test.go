package e2e

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

// line is a client's UDP socket, which sees the DTLS alert of a goodbye, which
// pion keeps to itself, and can fall silent.
type line struct {
	*net.UDPConn
	goodbye atomic.Bool
	mute    atomic.Bool
}

func (l *line) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := l.UDPConn.ReadFrom(b)
	if err == nil && n > 12 && b[0] == 21 && (b[3] != 0 || b[4] != 0) { // encrypted, RFC 6347 section 4.1
		l.goodbye.Store(true)
	}
	return n, from, err
}

func (l *line) WriteTo(b []byte, to net.Addr) (int, error) {
	if l.mute.Load() {
		return len(b), nil
	}
	return l.UDPConn.WriteTo(b, to)
}

// whipClient publishes H.264 pictures of clips, one rendition each, over pion.
type whipClient struct {
	e       *exam
	pc      *webrtc.PeerConnection
	line    *line
	session *session
	answer  string
}

// rendition is one encoding of a picture.
type rendition struct {
	rid  string
	clip string
}

// publishes publishes under that name until the test ends.
func (e *exam) publishes(name string, renditions ...rendition) *whipClient {
	e.Helper()
	c := &whipClient{e: e}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		e.Fatal(err)
	}
	c.line = &line{UDPConn: socket}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c.line})
	if c.pc, err = publishingAPI(e.T, mux).NewPeerConnection(webrtc.Configuration{}); err != nil {
		e.Fatal(err)
	}
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(e.Context())
	e.Cleanup(func() {
		cancel()
		if err := errors.Join(c.pc.GracefulClose(), mux.Close()); err != nil {
			e.Error(err)
		}
		_ = socket.Close() // the mux has closed it
		work.Wait()
	})
	var sender *webrtc.RTPSender
	var tracks []*webrtc.TrackLocalStaticRTP
	for _, r := range renditions {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if r.rid != "" {
			options = append(options, webrtc.WithRTPStreamID(r.rid))
		}
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "video", "stream", options...)
		if err != nil {
			e.Fatal(err)
		}
		if sender == nil {
			tr, err := c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			if err != nil {
				e.Fatal(err)
			}
			sender = tr.Sender()
		} else if err := sender.AddEncoding(track); err != nil {
			e.Fatal(err)
		}
		tracks = append(tracks, track)
	}
	work.Go(func() {
		for b := make([]byte, 1500); ; { // reading drives the interceptors
			if _, _, err := sender.Read(b); err != nil {
				return
			}
		}
	})
	c.negotiate(e.g.url("/whip/" + name))
	for i, track := range tracks {
		w := c.writer(track)
		pictures := readClip(e.T, renditions[i].clip)
		work.Go(func() { w.play(ctx, pictures) })
	}
	return c
}

// writer packs pictures as browsers do: each packet names its m-line and its
// rendition, which pion leaves to us.
type writer struct {
	track    *webrtc.TrackLocalStaticRTP
	packer   rtp.Packetizer
	mid, rid uint8 // ids of the header extensions
	name     string
}

func (c *whipClient) writer(track *webrtc.TrackLocalStaticRTP) *writer {
	d := parseSDP(c.e.T, c.pc.LocalDescription().SDP)
	w := &writer{
		track: track, name: d.value(d.media[0], "mid"),
		packer: rtp.NewPacketizer(1200, 96, 0, &codecs.H264Payloader{}, rtp.NewRandomSequencer(), 90000),
	}
	for _, x := range d.values(d.media[0], "extmap") {
		id, uri, _ := strings.Cut(x, " ")
		n, err := strconv.ParseUint(id, 10, 8)
		if err != nil {
			c.e.Fatal(err)
		}
		switch uri {
		case sdp.SDESMidURI:
			w.mid = uint8(n)
		case sdp.SDESRTPStreamIDURI:
			w.rid = uint8(n)
		}
	}
	return w
}

// write sends one picture; false when the track is closed.
func (w *writer) write(b []byte, length time.Duration) bool {
	for _, p := range w.packer.Packetize(b, uint32(length*90000/time.Second)) {
		err := p.SetExtension(w.mid, []byte(w.name))
		if w.track.RID() != "" {
			err = errors.Join(err, p.SetExtension(w.rid, []byte(w.track.RID())))
		}
		if err = errors.Join(err, w.track.WriteRTP(p)); err != nil {
			return false
		}
	}
	return true
}

func publishingAPI(t *testing.T, mux ice.UDPMux) *webrtc.API {
	t.Helper()
	m, chain := &webrtc.MediaEngine{}, &interceptor.Registry{}
	h264 := webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
	}}
	err := m.RegisterCodec(h264, webrtc.RTPCodecTypeVideo)
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI} {
		err = errors.Join(err, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo))
	}
	if err = errors.Join(err, webrtc.ConfigureNack(m, chain)); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetICEUDPMux(mux)
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s))
}

// play sends a clip over and over, its parameter sets before each keyframe.
func (w *writer) play(ctx context.Context, source *clip) {
	const interval = 33 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var sets [][]byte
	for i := 0; ; i = (i + 1) % len(source.tags) {
		g := &source.tags[i]
		if g.kind == tagVideo && len(g.body) > 5 && g.body[1] == 0 {
			sets = parameterSets(g.body[5:])
		}
		if !g.frame() {
			continue
		}
		var b []byte
		units := avcc(g.body[5:])
		for _, u := range append(sets[:len(sets):len(sets)], units...) {
			if isSlice(u) || u[0]&0x1F >= 7 && units[len(units)-1][0]&0x1F == 5 { // sets are for keyframes
				b = append(append(b, 0, 0, 0, 1), u...)
			}
		}
		if !w.write(b, interval) {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// parameterSets reads an AVCDecoderConfigurationRecord (ISO 14496-15 section
// 5.3.3.1) of one SPS and one PPS.
func parameterSets(b []byte) [][]byte {
	sps := b[8 : 8+int(b[6])<<8+int(b[7])]
	b = b[8+len(sps):]
	return [][]byte{sps, b[3 : 3+int(b[1])<<8+int(b[2])]}
}

// local makes an offer with all candidates.
func (c *whipClient) local(o *webrtc.OfferOptions) string {
	c.e.Helper()
	offer, err := c.pc.CreateOffer(o)
	if err != nil {
		c.e.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		c.e.Fatal(err)
	}
	<-gathered
	return c.pc.LocalDescription().SDP
}

func (c *whipClient) remote(answer string) {
	c.e.Helper()
	c.answer = answer
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		c.e.Fatal(err)
	}
}

func (c *whipClient) negotiate(endpoint string) {
	c.e.Helper()
	response, body := c.e.want(is(http.StatusCreated), http.MethodPost, endpoint, c.local(nil), "Content-Type", typeSDP)
	if response.StatusCode != http.StatusCreated {
		c.e.FailNow()
	}
	c.session = c.e.sessionOf(response, body)
	c.remote(body)
}

// fragment is what the local description says of ICE.
func (c *whipClient) fragment(local string) string {
	d := parseSDP(c.e.T, local)
	first := d.media[0]
	b := "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:" + d.value(first, "mid") + "\r\n"
	for _, name := range []string{"ice-ufrag", "ice-pwd", "candidate"} {
		for _, v := range d.values(first, name) {
			b += "a=" + name + ":" + v + "\r\n"
		}
	}
	return b
}

// restart restarts ICE, with that If-Match, and checks what RFC 9725 section 4.3.3
// says of the answer.
func (c *whipClient) restart(match string) {
	c.e.Helper()
	body := c.fragment(c.local(&webrtc.OfferOptions{ICERestart: true}))
	response, fragment := c.e.want(is(http.StatusOK), http.MethodPatch, c.session.url, body, "Content-Type", typeFragment, "If-Match", match)
	if response.StatusCode != http.StatusOK {
		c.e.FailNow()
	}
	c.remote(c.session.restarted(response, fragment, c.answer))
}

// restarted checks the answer to a restart, and returns the session's description
// with the new credentials.
func (s *session) restarted(response *http.Response, fragment, answer string) string {
	s.e.Helper()
	etag := response.Header.Get("ETag")
	if !strongTag.MatchString(etag) || etag == s.etag {
		s.e.Errorf("the new ETag is %q, the old one %q", etag, s.etag)
	}
	s.etag = etag
	if kind := response.Header.Get("Content-Type"); kind != typeFragment {
		s.e.Errorf("it is %q", kind)
	}
	got := parseSDP(s.e.T, "v=0\r\n"+fragment)
	was := parseSDP(s.e.T, answer)
	for _, name := range []string{"ice-ufrag", "ice-pwd"} {
		before, after := was.value(was.media[0], name), got.value(got.media[0], name)
		if after == "" || after == before {
			s.e.Errorf("%s was %q and is %q", name, before, after)
		}
		answer = strings.ReplaceAll(answer, "a="+name+":"+before, "a="+name+":"+after)
	}
	if len(got.values(got.media[0], "candidate")) == 0 {
		s.e.Error("it names no candidate")
	}
	for _, name := range []string{"ice-lite", "ice-options"} {
		if before, after := was.value(was.media[0], name), got.value(got.media[0], name); before != after || was.has(was.media[0], name) != got.has(got.media[0], name) {
			s.e.Errorf("%s was %q and is %q", name, before, after)
		}
	}
	return answer
}

// flows waits until more pictures of the stream have come.
func (e *exam) flows(name string) {
	e.Helper()
	frames := func() (n uint64) {
		s, _ := e.g.stream(name)
		for _, t := range s.Tracks {
			n += t.Frames
		}
		return n
	}
	want := frames() + 20
	if err := poll(e.Context(), patience, func() bool { return frames() >= want }); err != nil {
		e.Errorf("%s: %d frames came, not %d", name, frames(), want)
	}
}

// gone waits until the stream is over.
func (e *exam) gone(name string, within time.Duration) {
	e.Helper()
	if err := poll(e.Context(), within, func() bool { s, there := e.g.stream(name); return !there || !s.Live }); err != nil {
		e.Errorf("%s is still there", name)
	}
}
