package e2e

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	described "github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtp"
)

// The camera's credentials: what an installer would choose.
const (
	cameraUser     = "adm1n-user"
	cameraPassword = "p4ss:w/rd@camera"
)

// camera is an RTSP server with digest authentication that sends a clip's pictures
// over and over, and silence in G.711, over TCP.
type camera struct {
	t       *testing.T
	address string // of the first start, and of all that follow

	mu      sync.Mutex
	server  *gortsplib.Server
	stream  *gortsplib.ServerStream
	players map[*gortsplib.ServerSession]bool
	stop    func()
}

// newCamera switches one on.
func newCamera(t *testing.T) *camera {
	t.Helper()
	c := &camera{t: t, address: "127.0.0.1:0", players: map[*gortsplib.ServerSession]bool{}}
	c.on()
	t.Cleanup(c.off)
	return c
}

// on starts the server, at the address that it had before.
func (c *camera) on() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = &gortsplib.Server{
		Handler: c, RTSPAddress: c.address, AuthMethods: []auth.VerifyMethod{auth.VerifyMethodDigestMD5},
		Listen: func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			if err == nil {
				c.address = l.Addr().String()
			}
			return l, err
		},
	}
	if err := c.server.Start(); err != nil {
		c.t.Fatal(err)
	}
	film := readClip(c.t, zeroLatency)
	sps, pps := film.sets()
	video := &described.Media{Type: described.MediaTypeVideo, Formats: []format.Format{
		&format.H264{PayloadTyp: 96, SPS: sps, PPS: pps, PacketizationMode: 1},
	}}
	sound := &described.Media{Type: described.MediaTypeAudio, Formats: []format.Format{
		&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1},
	}}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &described.Session{Medias: []*described.Media{video, sound}}}
	if err := c.stream.Initialize(); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	stream := c.stream
	work.Go(func() { film.send(ctx, c.t, stream, video, sound) })
	c.stop = func() { cancel(); work.Wait() }
}

// off pulls the plug.
func (c *camera) off() {
	c.mu.Lock()
	server, stream, stop := c.server, c.stream, c.stop
	c.server, c.stream = nil, nil
	c.mu.Unlock()
	if server != nil {
		stop()
		server.Close()
		stream.Close()
	}
}

// watched is how many play it now.
func (c *camera) watched() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.players)
}

// sets are the clip's parameter sets (ISO 14496-15 section 5.3.3.1).
func (c *clip) sets() (sps, pps []byte) {
	for _, g := range c.tags {
		if g.kind == tagVideo && len(g.body) > 13 && g.body[1] == 0 {
			config := g.body[5:]
			n := int(config[6])<<8 | int(config[7])
			sps, config = config[8:8+n], config[8+n:]
			n = int(config[1])<<8 | int(config[2])
			return sps, config[3 : 3+n]
		}
	}
	return nil, nil
}

// send sends 30 pictures a second, the clip's without its B-frames, and as long a
// silence with each.
func (c *clip) send(ctx context.Context, t *testing.T, stream *gortsplib.ServerStream, video, sound *described.Media) {
	encoder, err := video.Formats[0].(*format.H264).CreateEncoder()
	if err != nil {
		t.Error(err)
		return
	}
	const interval = time.Second / 30
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	silence := make([]byte, 8000/30)
	for i := range silence {
		silence[i] = 0xFF
	}
	pictures := c.pictures()
	for i := 0; ; i++ {
		packets, err := encoder.Encode(pictures[i%len(pictures)])
		if err != nil {
			t.Error(err)
			return
		}
		for _, p := range packets {
			p.Timestamp = uint32(i * 3000)
			_ = stream.WritePacketRTP(video, p) // its end is close by
		}
		_ = stream.WritePacketRTP(sound, &rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 0, SequenceNumber: uint16(i), Timestamp: uint32(i * len(silence)), SSRC: 7},
			Payload: silence,
		})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// OnDescribe is a gortsplib handler's.
func (c *camera) OnDescribe(r *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.admit(r.Conn, r.Request)
}

// OnSetup is a gortsplib handler's.
func (c *camera) OnSetup(r *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.admit(r.Conn, r.Request)
}

func (c *camera) admit(conn *gortsplib.ServerConn, r *base.Request) (*base.Response, *gortsplib.ServerStream, error) {
	if !conn.VerifyCredentials(r, cameraUser, cameraPassword) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnPlay is a gortsplib handler's.
func (c *camera) OnPlay(r *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.players[r.Session] = true
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose is a gortsplib handler's.
func (c *camera) OnSessionClose(r *gortsplib.ServerHandlerOnSessionCloseCtx) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.players, r.Session)
}
