package bus_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestNext: it waits, it gives both tracks in the order they were written, and
// at the end everything that came before it.
func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := r.join()
		done := make(chan []*av.Frame)
		go func() {
			var got []*av.Frame
			for {
				f, err := sub.Next(t.Context())
				if err != nil {
					if !errors.Is(err, bus.ErrShutdown) {
						t.Errorf("ended with %v", err)
					}
					done <- got
					return
				}
				got = append(got, f)
			}
		}()
		r.play(5 * time.Second)
		r.hub.Close()
		got := <-done
		checkViewer(t, got)
		if len(got) != 402 {
			t.Errorf("%d frames of 402", len(got))
		}
	})
}

func TestNextEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(r *rig, sub *bus.Subscriber, cancel func())
		want error
	}{
		{"closed", func(_ *rig, sub *bus.Subscriber, _ func()) { sub.Close() }, bus.ErrClosed},
		{"context", func(_ *rig, _ *bus.Subscriber, cancel func()) { cancel() }, context.Canceled},
		{"shutdown", func(r *rig, _ *bus.Subscriber, _ func()) { r.hub.Close() }, bus.ErrShutdown},
		{"gone for good", func(r *rig, _ *bus.Subscriber, _ func()) {
			r.pub.Close()
			time.Sleep(15 * time.Second)
		}, bus.ErrEnded},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, bus.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			sub := r.join()
			ended := make(chan error, 1)
			go func() {
				_, err := sub.Next(ctx)
				ended <- err
			}()
			synctest.Wait()
			tt.end(r, sub, cancel)
			synctest.Wait()
			select {
			case err := <-ended:
				if !errors.Is(err, tt.want) {
					t.Errorf("%s: ended with %v, want %v", tt.name, err, tt.want)
				}
			default:
				t.Errorf("%s: still waits", tt.name)
				cancel()
			}
			if _, err := sub.Next(ctx); err == nil {
				t.Errorf("%s: began again", tt.name)
			}
		})
	}
}

// TestNextAfterLag: a jump of the one cursor does not overtake what the other has
// still to read.
func TestNextAfterLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := r.join()
		var got []*av.Frame
		for i := range 50 {
			r.play(time.Duration(100+i*60) * time.Millisecond)
			for range 10 {
				if f := sub.Poll(); f != nil {
					got = append(got, f)
				}
			}
		}
		checkViewer(t, append(got, drain(sub.Poll)...))
	})
}

// TestPollOrder spins at the live edge, so that readers are interrupted in the
// middle of a look at both tracks: it is still in the order of writing.
func TestPollOrder(t *testing.T) {
	for _, cfg := range []bus.Config{
		{MaxLag: time.Hour, History: time.Hour, MaxFrames: 1 << 20},
		{MaxLag: time.Nanosecond},
	} {
		hub := bus.New(cfg)
		pub := publish(t, hub)
		enc := avtest.Encoder{
			Video: pub.SetTrack(avtest.H264Track()), Audio: pub.SetTrack(avtest.AACTrack()), GOP: 2, FPS: 50, Payloads: 1,
		}
		var wg sync.WaitGroup
		for range 4 {
			sub := subscribe(t, hub)
			sub.Follow(enc.Video.ID, enc.Audio.ID)
			wg.Go(func() {
				var last uint64
				for sub.Stream().Err() == nil {
					if f := sub.Poll(); f != nil {
						if last > 0 && f.Seq <= last {
							t.Errorf("%s after %d", avtest.Describe(f), last)
						}
						last = f.Seq
					}
				}
			})
		}
		for range 40 { // turns of the scheduler
			for range 10 {
				pub.Write(enc.Next())
			}
			runtime.Gosched()
		}
		hub.Close()
		wg.Wait()
	}
}

// TestChanged: it is closed by what it says, by nothing else that reading does.
func TestChanged(t *testing.T) {
	r := newRig(t, bus.Config{})
	sub := r.join()
	s := sub.Stream()
	steps := []struct {
		what string
		do   func()
		want bool
	}{
		{"reading", func() { sub.Poll(); s.Snapshot(); s.RequestKeyframe(); s.Catalog() }, false},
		{"a frame", func() { r.pub.Write(r.enc.Next()) }, true},
		{"a track", func() { r.pub.SetTrack(avtest.OpusTrack()) }, true},
		{"a change of track", func() { r.pub.SetTrack(*r.video) }, true},
		{"a derived track", func() { s.Derive(av.Track{Kind: av.Audio, DerivedFrom: r.audio.ID}) }, true},
		{"a frame of no track", func() { r.pub.Write(avtest.Frame(&av.Track{ID: 99}, av.Delta, 0, 0, 1)) }, false},
		{"the publisher's end", func() { r.pub.Close() }, true},
		{"the next publisher", func() { r.pub = publish(t, r.hub) }, true},
		{"the end", r.hub.Close, true},
		{"after the end", func() {}, true},
	}
	for _, step := range steps {
		changed := s.Changed()
		step.do()
		if got := closed(changed); got != step.want {
			t.Errorf("%s: closed %v, want %v", step.what, got, step.want)
		}
	}
}
