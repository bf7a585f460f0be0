package rtsp

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtp"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/codecs"
	"millrace/transmux/rtsp"
)

// camera is a server of somebody else's make.
type camera struct {
	t        *testing.T
	addr     string
	user     string // wanted, with password
	password string
	udp      bool   // it knows UDP
	deaf     bool   // and sends nothing that way
	sdp      string // in place of what is true
	inBand   bool   // parameter sets
	server   *gortsplib.Server
	stream   *gortsplib.ServerStream
	stopped  chan struct{}
	work     sync.WaitGroup

	mu     sync.Mutex
	silent bool
}

// start opens the camera, at an address of before or a new one.
func (c *camera) start() {
	c.t.Helper()
	if c.addr == "" {
		c.addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.addr = l.Addr().String()
	c.stopped = make(chan struct{})
	c.server = &gortsplib.Server{
		Handler: c, RTSPAddress: c.addr,
		Listen: func(string, string) (net.Listener, error) { return l, nil },
	}
	if c.udp {
		pair, err := rtsp.ListenPair("127.0.0.1", 0)
		if err != nil {
			c.t.Fatal(err)
		}
		port := pair.Addr().(*net.UDPAddr).Port
		pair.Close()
		c.server.UDPRTPAddress = "127.0.0.1:" + strconv.Itoa(port)
		c.server.UDPRTCPAddress = "127.0.0.1:" + strconv.Itoa(port+1)
	}
	if err := c.server.Start(); err != nil {
		c.t.Fatal(err)
	}
	params, _ := avtest.H264Sliced()
	picture := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	if !c.inBand {
		picture.SPS, picture.PPS = params.SPS, params.PPS
	}
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: []*description.Media{
		{Type: description.MediaTypeVideo, Formats: []format.Format{picture}},
		{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}}},
		{Type: description.MediaTypeApplication, Formats: []format.Format{&format.Generic{PayloadTyp: 107, RTPMa: "vnd.onvif.metadata/90000", ClockRat: 90000}}},
	}}}
	if err := c.stream.Initialize(); err != nil {
		c.t.Fatal(err)
	}
	c.work.Go(c.film)
	c.t.Cleanup(c.stop)
}

// stop breaks off everything.
func (c *camera) stop() {
	select {
	case <-c.stopped:
		return
	default:
	}
	close(c.stopped)
	c.work.Wait()
	c.stream.Close()
	c.server.Close()
}

// film sends pictures and sound.
func (c *camera) film() {
	params, units := avtest.H264Sliced()
	track, err := codecs.H264Track(params.SPS, params.PPS)
	if err != nil {
		c.t.Error(err)
		return
	}
	var video, audio uint16
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-c.stopped:
			return
		}
		c.mu.Lock()
		silent := c.silent
		c.mu.Unlock()
		if silent {
			continue
		}
		unit := units[n%len(units)]
		f, err := codecs.H264Frame(&track, unit.Slices)
		if err != nil {
			c.t.Error(err)
			return
		}
		for i, p := range f.Payloads {
			if !c.inBand && i == 0 && unit.Type == av.Key && len(f.Payloads) > 2 && p.Body[0]&0x1F == 24 {
				continue // the parameter sets
			}
			video++
			_ = c.stream.WritePacketRTP(c.stream.Desc.Medias[0], &rtp.Packet{
				Header:  rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: video, Timestamp: uint32(n) * 1800, Marker: i == len(f.Payloads)-1},
				Payload: append(append([]byte(nil), p.Head...), p.Body...),
			})
		}
		audio++
		_ = c.stream.WritePacketRTP(c.stream.Desc.Medias[1], &rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: audio, Timestamp: uint32(n) * 160},
			Payload: make([]byte, 160),
		})
	}
}

func (c *camera) mute(silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = silent
}

func (c *camera) allowed(conn *gortsplib.ServerConn, req *base.Request) bool {
	return c.user == "" || conn.VerifyCredentials(req, c.user, c.password)
}

func (c *camera) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !c.allowed(ctx.Conn, ctx.Request) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if ctx.Path == "/nothing" {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	if c.sdp != "" {
		return &base.Response{StatusCode: base.StatusOK, Body: []byte(c.sdp)}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *camera) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if !c.allowed(ctx.Conn, ctx.Request) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if ctx.Transport == gortsplib.TransportUDP && c.deaf {
		c.mute(true)
	} else {
		c.mute(false)
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func (c *camera) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (c *camera) OnDecodeError(*gortsplib.ServerHandlerOnDecodeErrorCtx)           {}
func (c *camera) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx)           {}
func (c *camera) OnStreamWriteError(*gortsplib.ServerHandlerOnStreamWriteErrorCtx) {}
