package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"

	"millrace/transmux/rtc/peer"
)

// cycles is how often things come and go; MILLRACE_E2E_CYCLES=2000 looks for a
// small leak, for some minutes.
func cycles(t *testing.T) int {
	t.Helper()
	s := os.Getenv("MILLRACE_E2E_CYCLES")
	if s == "" {
		return 300
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCycles: publishers over RTMP with a viewer each, and publishers over WHIP,
// come and go, and leave nothing behind.
func TestCycles(t *testing.T) {
	g := start(t, "MILLRACE_STREAM_LINGER=1s", "MILLRACE_LIMITS_REQUESTS=10000")
	short := readClip(t, lightClip(t))
	for i, one := range short.tags {
		if one.at > 100*time.Millisecond {
			short.tags, short.length = short.tags[:i], one.at
			break
		}
	}
	transport := &http.Transport{DisableKeepAlives: true} // each kept would be a goroutine at the server
	client := &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)

	turn := func(n int) {
		begun, cpu := time.Now(), g.cpu()
		for _, err := range atATime(n, func(i int) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			name := fmt.Sprintf("cycles/%d", i)
			return errors.Join(g.showAndWatch(ctx, client, short, name), g.announce(ctx, client, name+"-whip"))
		}) {
			t.Error(err)
		}
		t.Logf("%d times came and went in %v, %v of the server's processor time each", n, time.Since(begun), (g.cpu()-cpu)/time.Duration(n))
		if err := poll(t.Context(), patience, func() bool { return g.metric("millrace_streams") == 0 }); err != nil {
			t.Errorf("%v streams are left", g.metric("millrace_streams"))
		}
	}
	turn(50) // everything that is made once has been made
	pass(t, handshake)
	before, sockets := g.collected(), g.sockets()
	turn(cycles(t))
	pass(t, handshake)
	t.Logf("before: %v, %d sockets", before, sockets)
	g.cleared(before, heapSpare)
	if err := poll(t.Context(), patience, func() bool { return g.sockets() <= sockets+spare }); err != nil {
		t.Errorf("%d sockets are open, %d were before", g.sockets(), sockets)
	}
}

// atATime does it n times, doors of them at a time, and gives what went wrong.
func atATime(n int, one func(int) error) (failed []error) {
	var mu sync.Mutex
	var work sync.WaitGroup
	next := make(chan int)
	for range doors {
		work.Go(func() {
			for i := range next {
				if err := one(i); err != nil {
					mu.Lock()
					failed = append(failed, fmt.Errorf("time %d: %w", i, err))
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	work.Wait()
	return failed
}

// showAndWatch publishes a moment over RTMP, of which a viewer sees a keyframe.
func (g *gateway) showAndWatch(ctx context.Context, client *http.Client, short *clip, name string) error {
	c, err := dialRTMP(ctx, g.rtmp)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.publish(name); err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	shown, hide := context.WithCancel(ctx)
	defer hide()
	work.Go(func() { _ = c.play(shown, short, 0, nil) }) // a viewer who sees a keyframe says that it went well
	if err := poll(ctx, patience, func() bool { s, live := g.stream(name); return live && len(s.Tracks) > 0 }); err != nil {
		return err
	}
	o := g.options()
	o.Client = client
	v, err := peer.Watch(ctx, g.whep(name), o)
	if err != nil {
		return err
	}
	return errors.Join(v.WaitKeyframe(ctx), v.Close())
}

// announce publishes over WHIP until it is connected.
func (g *gateway) announce(ctx context.Context, client *http.Client, name string) (err error) {
	// pion's mux tells sessions apart by the other end's address: one socket each.
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket})
	pc, err := publishingAPI(g.t, mux).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return errors.Join(err, mux.Close())
	}
	defer func() { err = errors.Join(err, pc.GracefulClose(), mux.Close()) }()
	connected := make(chan struct{})
	once := sync.OnceFunc(func() { close(connected) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once()
		}
	})
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "video", "stream")
	if err != nil {
		return err
	}
	if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		return err
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, session, err := post(ctx, client, g.url("/whip/"+name), pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	select {
	case <-connected:
	case <-ctx.Done():
		return ctx.Err()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, g.url(session), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	if response.Body.Close(); response.StatusCode != http.StatusOK {
		return fmt.Errorf("DELETE: %s", response.Status)
	}
	return nil
}

// post offers, and returns the answer and the session's path.
func post(ctx context.Context, client *http.Client, to, offer string) (answer, session string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(offer))
	if err != nil {
		return "", "", err
	}
	request.Header.Set("Content-Type", typeSDP)
	response, err := client.Do(request)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("POST: %s: %s", response.Status, body)
	}
	return string(body), response.Header.Get("Location"), err
}

// sockets is how many the process has open.
func (g *gateway) sockets() (n int) {
	g.t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.cmd.Process.Pid))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, fd := range fds {
		to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", g.cmd.Process.Pid, fd.Name()))
		if err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
