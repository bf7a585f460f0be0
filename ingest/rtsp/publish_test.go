package rtsp

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// encoder is a publisher of pictures and of sound that can be told to misbehave.
type encoder struct {
	gortsplib.Client
	t     *testing.T
	desc  *description.Session
	units []avtest.H264Unit
	sets  [][]byte

	video, audio uint16
	at           uint32 // in milliseconds
}

func newEncoder(t *testing.T, transport gortsplib.Transport) *encoder {
	params, units := avtest.H264Sliced()
	e := &encoder{t: t, units: units, sets: [][]byte{params.SPS, params.PPS}}
	e.Client = gortsplib.Client{
		Transport: &transport, OnPacketsLost: func(uint64) {}, OnDecodeError: func(error) {}, DisableRTCPSenderReports: true,
	}
	e.desc = &description.Session{Medias: []*description.Media{
		{Type: description.MediaTypeVideo, Formats: []format.Format{&format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: params.SPS, PPS: params.PPS}}},
		{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}}},
	}}
	return e
}

// publish begins, or says why not.
func (e *encoder) publish(url string) error {
	err := e.StartRecording(url, e.desc)
	if err == nil {
		e.t.Cleanup(e.Close)
	}
	return err
}

// step sends the next picture, a keyframe every fourth, and 20 ms of sound.
func (e *encoder) step() {
	unit := e.units[e.at/20%4]
	parts := unit.Slices
	if unit.Type == av.Key {
		parts = append(append([][]byte{}, e.sets...), parts...)
	}
	for i, part := range parts {
		e.video++
		_ = e.WritePacketRTP(e.desc.Medias[0], &rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: e.video, Timestamp: e.at * 90, Marker: i == len(parts)-1},
			Payload: part,
		})
	}
	e.audio++
	_ = e.WritePacketRTP(e.desc.Medias[1], &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: e.audio, Timestamp: e.at * 8},
		Payload: bytes.Repeat([]byte{byte(e.audio)}, 160),
	})
	e.at += 20
}

// run steps in real time until the condition holds.
func (e *encoder) run(what string, holds func() bool) {
	e.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			e.t.Fatalf("not in time: %s", what)
		}
		e.step()
	}
}

func (h *house) frames(name string) (n uint64) {
	s, _ := h.hub.Stream(name)
	return s.Frames
}

// What comes in is written as it came, payloads included.
func TestPayloadsStayAsTheyAre(t *testing.T) {
	h := build(t, ingest.Config{})
	e := newEncoder(t, gortsplib.TransportTCP)
	if err := e.publish(h.url("live/a")); err != nil {
		t.Fatal(err)
	}
	e.run("frames", func() bool { return h.frames("live/a") > 20 })
	stream, release, err := h.hub.Hold("live/a")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	sounds := byte(0)
	for seq := range h.frames("live/a") {
		f := stream.Frame(seq)
		if f == nil || f.Track.Kind != av.Audio {
			continue
		}
		sounds++
		if len(f.Payloads) != 1 || len(f.Payloads[0].Head) != 0 || !bytes.Equal(f.Payloads[0].Body, bytes.Repeat([]byte{sounds}, 160)) {
			t.Fatalf("sound %d: %+v", sounds, f.Payloads)
		}
	}
	if sounds < 5 {
		t.Errorf("%d sounds", sounds)
	}
	e.Close()
	h.says("publisher closed")
	h.says("said goodbye")
}

func TestAnnounceRefused(t *testing.T) {
	users := func(_ context.Context, r ingest.Request) error {
		if r.User == "anna" && (r.Proves != nil && r.Proves("s3cret") || r.Proves == nil && r.Credential == "s3cret") {
			return nil
		}
		return ingest.ErrDenied
	}
	for name, tc := range map[string]struct {
		cfg      ingest.Config
		userinfo string
		path     string
		change   func(*encoder)
		want     string
	}{
		"no credentials":    {cfg: ingest.Config{Authorize: users}, want: "401"},
		"wrong ones":        {cfg: ingest.Config{Authorize: users}, userinfo: "anna:wrong@", want: "401"},
		"good ones":         {cfg: ingest.Config{Authorize: users}, userinfo: "anna:s3cret@"},
		"bad name":          {path: "live/a/../b", want: "400"},
		"taken":             {path: "live/taken", want: "409 (live/taken is being published already"},
		"nothing to take":   {change: func(e *encoder) { e.desc.Medias = []*description.Media{mjpeg()} }, want: "415 (none of these codecs"},
		"too many":          {cfg: ingest.Config{Limits: ingest.Limits{Publishers: 1}}, want: "503"},
		"some can be taken": {change: func(e *encoder) { e.desc.Medias = append(e.desc.Medias, mjpeg()) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t, tc.cfg)
			if tc.cfg.Authorize == nil {
				first := newEncoder(t, gortsplib.TransportTCP)
				if err := first.publish(h.url("live/taken")); err != nil {
					t.Fatal(err)
				}
			}
			e := newEncoder(t, gortsplib.TransportTCP)
			if tc.change != nil {
				tc.change(e)
			}
			path := tc.path
			if path == "" {
				path = "live/a"
			}
			err := e.publish("rtsp://" + tc.userinfo + h.addr + "/" + path)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v", err)
			}
			if strings.Contains(h.log.String(), "s3cret") {
				t.Error("the password is logged")
			}
		})
	}
}

func mjpeg() *description.Media {
	return &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{&format.MJPEG{}}}
}

// Timestamps that jump, over their wrap and elsewhere, and a sender whose clocks
// were set, leave a stream whose times only grow.
func TestClockJumps(t *testing.T) {
	known := ledger.New(nil)
	h := build(t, ingest.Config{Ledger: known})
	e := newEncoder(t, gortsplib.TransportTCP)
	e.at = 47_721_800 // 90 kHz of 32 bits turn at 47 721 859 ms
	if err := e.publish(h.url("live/a")); err != nil {
		t.Fatal(err)
	}
	e.step()
	h.until("the stream", func() bool { _, ok := h.hub.Stream("live/a"); return ok })
	sub, err := h.hub.Subscribe(t.Context(), "live/a")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	e.run("its numbers", func() bool { return known.Sessions()[0].Numbers().Packets > 0 })
	if n := known.Sessions()[0].Numbers().ClockJumps; n != 0 {
		t.Errorf("%d jumps before the first", n)
	}
	for i, at := range []uint32{0, 47_700_000, 1000, 500_000, 2000, 3000, 1500} {
		if i > 0 {
			e.at = at
		}
		before := h.frames("live/a")
		e.run("frames", func() bool { return h.frames("live/a") > before+20 })
	}
	e.run("the jumps of both tracks are told", func() bool {
		return known.Sessions()[0].Numbers().ClockJumps >= 2*4 // of the seven one is none, and one may be less than a second
	})
	var ids [3]av.TrackID
	for _, t := range sub.Stream().Catalog().Tracks {
		ids[t.Kind] = t.ID
	}
	last := map[av.Kind]*av.Frame{}
	newest, _ := h.hub.Stream("live/a")
	for seq := newest.Frames - uint64(newest.RingFrames); seq < newest.Frames; seq++ {
		f := sub.Stream().Frame(seq)
		if f == nil {
			continue
		}
		if l := last[f.Track.Kind]; l != nil && (f.DTS <= l.DTS || f.PTS < l.PTS-100*time.Millisecond || f.PTS > l.PTS+2*time.Second) {
			t.Fatalf("%s: after %v (%v) comes %v (%v)", f.Track.Kind, l.PTS, l.DTS, f.PTS, f.DTS)
		}
		last[f.Track.Kind] = f
	}
}

// A publisher that sends nothing, or only garbage, or more than there is room for
// costs its own stream only.
func TestRudePublishers(t *testing.T) {
	h := build(t, ingest.Config{}, func(r *Room) { r.limits.signs, r.limits.alone = 2*time.Second, time.Second })
	decent := newEncoder(t, gortsplib.TransportTCP)
	if err := decent.publish(h.url("live/decent")); err != nil {
		t.Fatal(err)
	}
	silent := newEncoder(t, gortsplib.TransportTCP)
	if err := silent.publish(h.url("live/silent")); err != nil {
		t.Fatal(err)
	}
	alone := newEncoder(t, gortsplib.TransportUDP)
	var conns []net.Conn
	alone.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		conns = append(conns, c)
		return c, err
	}
	if err := alone.publish(h.url("live/alone")); err != nil {
		t.Fatal(err)
	}
	alone.step()
	conns[0].Close()
	liar := newEncoder(t, gortsplib.TransportTCP)
	if err := liar.publish(h.url("live/liar")); err != nil {
		t.Fatal(err)
	}
	decent.run("the decent one's frames, and the ends of the others", func() bool {
		for range 20 {
			liar.video++
			_ = liar.WritePacketRTP(liar.desc.Medias[0], &rtp.Packet{
				Header:  rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: liar.video, Timestamp: uint32(liar.video) * 3000, Marker: true},
				Payload: bytes.Repeat([]byte{0x41, 0x7C, 0xFF}, 400),
			})
			_ = liar.WritePacketRTCP(liar.desc.Medias[0], &rtcp.Goodbye{Sources: []uint32{1}})
		}
		log := h.log.String()
		return h.frames("live/decent") > 200 && strings.Contains(log, "stream=live/silent") && strings.Count(log, errSilent.Error()) >= 2 &&
			strings.Contains(log, "what comes is not what was described")
	})
	if s, ok := h.hub.Stream("live/decent"); !ok || !s.Live {
		t.Error("the decent one is gone")
	}
}

// A publisher whose connection breaks is told from one that says goodbye.
func TestBrokenConnection(t *testing.T) {
	h := build(t, ingest.Config{})
	e := newEncoder(t, gortsplib.TransportTCP)
	var conn net.Conn
	e.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return conn, err
	}
	if err := e.publish(h.url("live/a")); err != nil {
		t.Fatal(err)
	}
	e.run("frames", func() bool { return h.frames("live/a") > 5 })
	_ = conn.(*net.TCPConn).SetLinger(0) // a reset
	conn.Close()
	h.says("connection reset by peer")
}

// FuzzAnnounce: no description and no packets of it do harm.
func FuzzAnnounce(f *testing.F) {
	f.Add([]byte("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=Z0LACtoQmwEQAAADABAAAAMDwPEiag==,aM4PLIA=\nm=audio 0 RTP/AVP 97\n"+
		"a=rtpmap:97 mpeg4-generic/48000/2\na=fmtp:97 mode=AAC-hbr;config=1190;sizelength=13;indexlength=3;indexdeltalength=3\n"), []byte{96, 0, 10, 0x65, 0x88, 97, 1, 6, 0, 16, 0, 8, 1})
	f.Add([]byte("m=audio 0 RTP/AVP 97\na=rtpmap:97 MP4A-LATM/48000/2\na=fmtp:97 cpresent=0;config=400023203fc0\n"), []byte{97, 0, 3, 2, 1, 1})
	f.Fuzz(func(t *testing.T, sdp, packets []byte) {
		fuzzAnnounce(t, sdp, packets)
	})
}

// fuzzAnnounce takes packets of payload type, media, length and payload.
func fuzzAnnounce(t *testing.T, sdp, packets []byte) {
	media, err := rtsp.ParseSDP(sdp)
	if err != nil {
		return
	}
	hub := bus.New(bus.Config{})
	defer hub.Close()
	publisher, err := hub.Publish("live/a", bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	in := newIntake(media, slog.New(slog.DiscardHandler))
	in.publisher = publisher
	now := time.Unix(1000, 0)
	for seq := uint16(0); len(packets) >= 3; seq++ {
		n := min(int(packets[2]), len(packets)-3)
		in.take(int(packets[1]&7), &rtp.Packet{
			Header:  rtp.Header{PayloadType: packets[0] & 0x7F, SequenceNumber: seq, Timestamp: uint32(seq/2) * 3000, Marker: packets[0]&0x80 != 0},
			Payload: packets[3 : 3+n],
		}, now)
		in.report(int(packets[1]&7), &rtcp.SenderReport{NTPTime: uint64(n) << 32, RTPTime: uint32(n)})
		now = now.Add(time.Duration(packets[1]) * time.Millisecond)
		in.release(now)
		packets = packets[3+n:]
	}
}

// What comes behind a lost packet over UDP is not held up for it.
func TestLossOverUDP(t *testing.T) {
	h := build(t, ingest.Config{})
	e := newEncoder(t, gortsplib.TransportUDP)
	if err := e.publish(h.url("live/a")); err != nil {
		t.Fatal(err)
	}
	sounds := func() (n uint64) {
		s, _ := h.hub.Stream("live/a")
		for _, track := range s.Tracks {
			if track.Track.Kind == av.Audio {
				n = track.Frames
			}
		}
		return n
	}
	e.run("sound", func() bool { return sounds() > 10 })
	e.audio++ // never to be sent
	for range 5 {
		e.step()
	}
	want := uint64(e.audio) - 1
	h.until("the sound behind the hole", func() bool { return sounds() == want })
	e.Close()
	h.says("publisher closed")
	if n := h.room.Stats().Lost; n != 1 {
		t.Errorf("%d packets lost", n)
	}
}
