package whep

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/rtc/peer"
	"millrace/transmux/rtc/port"
)

const (
	numberedRate  = 30
	numberedGOP   = 15
	numberedBytes = 20_000 // a picture: 4.8 Mb/s
)

// broadcastNumbered publishes pictures that bear their numbers; it returns the
// newest one's.
func (h *house) broadcastNumbered(t *testing.T) *atomic.Int64 {
	t.Helper()
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{Protocol: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c := readClip(t, clean)
	var newest atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { numbered(ctx, t, p, c, &newest) })
	t.Cleanup(func() { cancel(); work.Wait(); p.Close() })
	return &newest
}

func numbered(ctx context.Context, t *testing.T, p *bus.Publisher, c clip, newest *atomic.Int64) {
	sps, pps := parameterSets(c)
	described, err := codecs.H264Track(sps, pps)
	if err != nil {
		t.Error(err)
		return
	}
	track := p.SetTrack(described)
	ticker := time.NewTicker(time.Second / numberedRate)
	defer ticker.Stop()
	for n := int64(1); ; n++ {
		// The first bytes of an IDR and a P slice (H.264 section 7.3.3): first_mb_in_slice 0, slice_type 7 or 5.
		slice := []byte{0x41, 0x9a}
		if n%numberedGOP == 1 {
			slice = []byte{0x65, 0x88}
		}
		slice = binary.BigEndian.AppendUint64(slice, uint64(n)|1<<63)
		f, err := codecs.H264Frame(track, [][]byte{append(slice, bytes.Repeat([]byte{0xaa}, numberedBytes)...)})
		if err != nil {
			t.Error(err)
			return
		}
		at := time.Duration(n) * time.Second / numberedRate
		f.Track, f.PTS, f.DTS, f.Arrived = track, at, at, time.Now()
		p.Write(f)
		newest.Store(n)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// parameterSets are those of a clip's AVC configuration (ISO 14496-15 section
// 5.3.3.1), with one of each.
func parameterSets(c clip) (sps, pps []byte) {
	for _, tag := range c {
		if tag.kind == 9 && tag.body[1] == 0 {
			b := tag.body[5+6:]
			n := int(binary.BigEndian.Uint16(b))
			sps, b = b[2:2+n], b[2+n+1:]
			return sps, b[2 : 2+int(binary.BigEndian.Uint16(b))]
		}
	}
	return nil, nil
}

func numberOf(u peer.AccessUnit) int64 {
	last := u.NALUs[len(u.NALUs)-1]
	return int64(binary.BigEndian.Uint64(last[2:]) &^ (1 << 63))
}

// narrows is a TCP proxy whose way to the clients can be made narrow.
type narrows struct {
	listener net.Listener
	rate     atomic.Int64 // bytes a second; 0 as fast as it goes
}

func newNarrows(t *testing.T, to netip.AddrPort) *narrows {
	t.Helper()
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	n := &narrows{listener: l}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { n.carry(ctx, client, to) })
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); work.Wait() })
	return n
}

func (n *narrows) carry(ctx context.Context, client net.Conn, to netip.AddrPort) {
	server, err := net.Dial("tcp", to.String())
	if err != nil {
		_ = client.Close()
		return
	}
	_ = server.(*net.TCPConn).SetReadBuffer(128 << 10) // else the kernel takes megabytes before anybody sees a jam
	stop := context.AfterFunc(ctx, func() { _ = client.Close(); _ = server.Close() })
	defer stop()
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
	buf := make([]byte, 4096)
	for {
		k, err := server.Read(buf)
		if err != nil {
			break
		}
		if rate := n.rate.Load(); rate > 0 {
			select {
			case <-time.After(time.Duration(k) * time.Second / time.Duration(rate)):
			case <-ctx.Done():
			}
		}
		if _, err := client.Write(buf[:k]); err != nil {
			break
		}
	}
	_ = client.Close()
	_ = server.Close()
	back.Wait()
}

// TestASlowTCPViewerLosesGOPs narrows one viewer's line to a third of what the
// stream has, and widens it again. That viewer sees whole pictures only, jumps to
// keyframes, and is back at the live edge at once; another one notices nothing.
func TestASlowTCPViewerLosesGOPs(t *testing.T) {
	h := newHouseAt(t, port.Config{Address: loopback, TCP: true}, bus.Config{})
	newest := h.broadcastNumbered(t)
	await(t, func() bool { return newest.Load() > 5 })
	line := newNarrows(t, h.port.Addr())
	lineAt := line.listener.Addr().(*net.TCPAddr).AddrPort()

	var slow, other recorder
	h.watch(t, &other, nil)
	v := h.watch(t, &slow, func(o *peer.Options) {
		o.TCP = true
		o.Client = &http.Client{Transport: avtest.Detour{From: h.port.Addr(), To: lineAt}}
	})
	line.rate.Store(200_000)
	queued := 0
	from := newest.Load()
	await(t, func() bool {
		queued = max(queued, h.port.Stats().Queued)
		return newest.Load() > from+7*numberedRate
	})
	line.rate.Store(0)
	widened := time.Now()
	// What the line held comes first; then it is live.
	await(t, func() bool {
		units := slow.all()
		return newest.Load()-numberOf(units[len(units)-1]) <= 3
	})
	if took := time.Since(widened); took > 2*time.Second {
		t.Errorf("it was live again %v after its line was wide again", took)
	}
	from = newest.Load()
	await(t, func() bool { return newest.Load() > from+2*numberedRate })

	slow.check(t)
	other.check(t)
	jumps, skipped := jumpsOf(t, slow.all())
	if jumps == 0 || skipped < numberedRate {
		t.Errorf("the slow viewer jumped %d times over %d pictures", jumps, skipped)
	}
	if n, _ := jumpsOf(t, other.all()); n != 0 {
		t.Errorf("the other viewer lost pictures %d times", n)
	}
	if s := v.Stats(av.Video); s.Lost > 0 {
		t.Errorf("single packets were lost: %+v", s)
	}
	if most := (256 << 10) + 10*numberedBytes; queued > most {
		t.Errorf("%d bytes waited, should be %d at most", queued, most)
	}
	if s := h.port.Stats(); s.Refused > 0 {
		t.Errorf("%d sends were refused", s.Refused)
	}
	t.Logf("%d jumps over %d pictures, %d bytes waited", jumps, skipped, queued)
}

// jumpsOf counts what is missing between the pictures, and wants a keyframe after
// each gap.
func jumpsOf(t *testing.T, units []peer.AccessUnit) (jumps, skipped int) {
	t.Helper()
	for i := 1; i < len(units); i++ {
		if gap := int(numberOf(units[i]) - numberOf(units[i-1]) - 1); gap != 0 {
			jumps++
			skipped += gap
			if !units[i].Key {
				t.Errorf("after a gap of %d comes picture %d, which is no keyframe", gap, numberOf(units[i]))
			}
		}
	}
	return jumps, skipped
}
