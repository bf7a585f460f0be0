package avtest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEncoder checks what its users rely on: DTS in order, PTS never below DTS
// and each once, keyframes where they are due.
func TestEncoder(t *testing.T) {
	video, audio := avtest.H264Track(), avtest.AACTrack()
	start := time.Unix(1000, 0)
	enc := avtest.Encoder{Video: &video, Audio: &audio, BFrames: true, GOP: 10, Start: start, Origin: time.Hour}
	var last time.Duration
	shown := map[time.Duration]bool{}
	counts := map[av.Type]int{}
	for range 80 {
		f := enc.Next()
		if f.DTS < last || f.PTS < f.DTS {
			t.Fatalf("DTS %v PTS %v after DTS %v", f.DTS, f.PTS, last)
		}
		last = f.DTS
		if want := start.Add(f.DTS - time.Hour); !f.Arrived.Equal(want) {
			t.Fatalf("arrived %v, want %v", f.Arrived, want)
		}
		if f.Track == &audio {
			continue
		}
		if shown[f.PTS.Round(time.Millisecond)] {
			t.Fatalf("PTS %v twice", f.PTS)
		}
		shown[f.PTS.Round(time.Millisecond)] = true
		counts[f.Type]++
		if want := avtest.Index(f)%10 == 0; (f.Type == av.Key) != want {
			t.Fatalf("frame %d is of type %d", avtest.Index(f), f.Type)
		}
	}
	if counts[av.Key] != 3 || counts[av.Delta] != 15 || counts[av.Bidirectional] != 12 {
		t.Errorf("types: %v", counts)
	}
}

func TestFramePayloads(t *testing.T) {
	video := avtest.H264Track()
	f := avtest.Frame(&video, av.Key, 7, 0, 10)
	if len(f.Payloads) != 10 || f.Payloads[9].Size() != av.MaxPayload || avtest.Index(f) != 7 {
		t.Errorf("%d payloads, index %d", len(f.Payloads), avtest.Index(f))
	}
}

func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := bus.New(bus.Config{})
		pub, err := hub.Publish("live/a", bus.PublisherInfo{})
		if err != nil {
			t.Fatal(err)
		}
		sub, err := hub.Subscribe(t.Context(), "live/a")
		if err != nil {
			t.Fatal(err)
		}
		enc := avtest.Encoder{Video: pub.SetTrack(avtest.H264Track()), Audio: pub.SetTrack(avtest.AACTrack())}
		rec := avtest.Record(t, sub, nil)
		for range 100 {
			pub.Write(enc.Next())
		}
		frames := rec.Wait(100)
		for i, f := range frames[1:] {
			if f.Seq <= frames[i].Seq {
				t.Fatalf("frame %d after %d", f.Seq, frames[i].Seq)
			}
		}
		hub.Close()
		synctest.Wait()
		if !errors.Is(rec.Err(), bus.ErrShutdown) {
			t.Errorf("recording ended with %v", rec.Err())
		}
	})
}

func TestCannedBytes(t *testing.T) {
	for _, params := range []avtest.H264Params{avtest.H264High720(), avtest.H264Main1080(), avtest.H264Baseline720()} {
		if params.SPS[0] != 0x67 || params.PPS[0] != 0x68 {
			t.Errorf("%s: these are no parameter sets", params.Profile)
		}
	}
	for _, clip := range []func() (avtest.H264Params, []avtest.H264Unit){avtest.H264Bidirectional, avtest.H264Sliced} {
		_, units := clip()
		for i, u := range units {
			if idr := u.Slices[0][0]&0x1f == 5; idr != (u.Type == av.Key) || idr != (i == 0) {
				t.Errorf("unit %d: first slice %#x is of type %d", i, u.Slices[0][0], u.Type)
			}
		}
	}
}
