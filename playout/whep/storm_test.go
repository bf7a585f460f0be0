package whep

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/resource"
)

// TestAThousandLoseThePictureAtOnce: however many viewers ask, and however often,
// the publisher hears one request in half a second.
func TestAThousandLoseThePictureAtOnce(t *testing.T) {
	const crowd, storm, least = 1000, 2200 * time.Millisecond, 500 * time.Millisecond
	h := newHouse(t, bus.Config{})
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{Protocol: "test", Refreshes: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	encoder := avtest.Encoder{Video: p.SetTrack(avtest.H264Track()), Start: time.Now(), GOP: 1 << 30}
	for range 10 {
		p.Write(encoder.Next())
	}

	offer := []byte(readOffer(t))
	viewers := make([]*viewer, crowd)
	for i := range viewers {
		_, s, err := h.room.Accept(t.Context(), resource.Request{
			Stream: "live/x", Offer: offer, ID: fmt.Sprintf("viewer-%04d", i), Ended: func() {},
			Peer: netip.MustParseAddrPort("127.0.0.1:1"),
		})
		if err != nil {
			t.Fatal(err)
		}
		v := s.(*viewer)
		v.follow(v.stream.Catalog())
		for v.sub.Video().Peek() != nil {
			v.sub.Video().Advance()
		}
		viewers[i] = v
	}

	heard := 0
	var work sync.WaitGroup
	over := make(chan struct{})
	work.Go(func() {
		for {
			select {
			case <-p.KeyframeRequests():
				heard++
			case <-over:
				return
			}
		}
	})
	begun := time.Now()
	const fans = 4
	var fanned sync.WaitGroup
	for f := range fans {
		fanned.Go(func() {
			for time.Since(begun) < storm {
				for i := f; i < crowd; i += fans {
					v := viewers[i]
					lost, err := rtcp.Marshal([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: v.video.writer.SSRC()}})
					if err != nil {
						t.Error(err)
						return
					}
					v.Feedback(lost)
					v.recover(nil, time.Now())
				}
			}
		})
	}
	fanned.Wait()
	took := time.Since(begun)
	close(over)
	work.Wait()

	asked := h.room.Stats().Refreshes
	t.Logf("%d viewers asked %d times, the publisher heard %d", crowd, asked, heard)
	if asked < crowd {
		t.Errorf("only %d requests counted", asked)
	}
	// How far apart they are is the bus's own test: who hears them here may take its time.
	if heard == 0 || heard > int(took/least)+1 {
		t.Errorf("%d requests in %v", heard, took)
	}
	for _, v := range viewers {
		v.Close()
	}
}
