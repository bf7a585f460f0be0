package bus_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestJoin: video from its newest keyframe on, audio from now on, and from there
// neither hole nor duplicate.
func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.play(3 * time.Second)
		sub := r.join()
		r.play(time.Second - time.Millisecond)
		video, audio := drain(take(sub.Video())), drain(take(sub.Audio()))
		if got := indexes(video); got[0] != 60 || len(got) != 60 {
			t.Errorf("video begins at %d, %d pictures", got[0], len(got))
		}
		if got := indexes(audio); got[0] != 151 || len(got) != 49 {
			t.Errorf("audio begins at %d, %d packets", got[0], len(got))
		}
		checkViewer(t, video)
		checkViewer(t, audio)
		if sub.Video().Entries() != 1 || sub.Audio().Entries() != 1 {
			t.Error("entered more than once")
		}
	})
}

// TestLag: a cursor too far behind goes on at the newest keyframe, one that has
// none to go to does not.
func TestLag(t *testing.T) {
	tests := []struct {
		name  string
		read  time.Duration // read up to here
		write time.Duration // before written up to here; keyframes at 0, 2 and 4 s
		want  uint64        // the next picture
		jumps uint32
	}{
		{"within a GOP", 100 * time.Millisecond, 1900 * time.Millisecond, 4, 0},
		{"over a keyframe, not far", 1900 * time.Millisecond, 2800 * time.Millisecond, 58, 0},
		{"over a keyframe, too far", 1900 * time.Millisecond, 3100 * time.Millisecond, 60, 1},
		{"over two keyframes", 100 * time.Millisecond, 4100 * time.Millisecond, 120, 1},
		{"out of the ring", 100 * time.Millisecond, 9900 * time.Millisecond, 240, 1},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, bus.Config{})
			sub := subscribe(t, r.hub)
			sub.Follow(r.video.ID, 0)
			r.play(tt.read)
			drain(sub.Poll)
			r.play(tt.write - tt.read)
			f := sub.Video().Peek()
			if f == nil || avtest.Index(f) != tt.want {
				t.Errorf("%s: goes on at %s, want picture %d", tt.name, avtest.Describe(f), tt.want)
			}
			if jumps := sub.Video().Entries() - 1; jumps != tt.jumps || r.snapshot().GOPDrops != uint64(jumps) {
				t.Errorf("%s: %d jumps, %d counted", tt.name, jumps, r.snapshot().GOPDrops)
			}
		})
	}
}

// TestLagAtLowFrameRate: one picture a second, and still nobody is left behind.
func TestLagAtLowFrameRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{History: time.Minute})
		r.enc.Audio, r.enc.FPS, r.enc.GOP = nil, 1, 2
		sub := r.join()
		r.play(10500 * time.Millisecond)
		if f := sub.Video().Peek(); f == nil || avtest.Index(f) != 10 {
			t.Errorf("goes on at %s, want picture 10", avtest.Describe(f))
		}
	})
}

func TestLagOfAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := r.join()
		r.play(900 * time.Millisecond)
		if f := sub.Audio().Peek(); f == nil || avtest.Index(f) != 0 {
			t.Errorf("900 ms behind: %s", avtest.Describe(f))
		}
		r.play(200 * time.Millisecond)
		if f := sub.Audio().Peek(); f != nil {
			t.Errorf("1100 ms behind: goes on at %d, not at the live edge", avtest.Index(f))
		}
		r.play(40 * time.Millisecond)
		if got := indexes(drain(take(sub.Audio()))); !slices.Equal(got, []uint64{56, 57}) {
			t.Errorf("goes on with %v", got)
		}
	})
}

// TestBurst: what came late, all at once, is no lag of the reader's.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		r.play(time.Second)
		time.Sleep(4 * time.Second)
		now := time.Now()
		for range 4 * 80 {
			f := r.enc.Next()
			f.Arrived = now
			r.pub.Write(f)
		}
		synctest.Wait()
		checkViewer(t, rec.Frames())
		if snap := r.snapshot(); snap.GOPDrops != 0 || uint64(len(rec.Frames())) < snap.Frames-1 {
			t.Errorf("%d drops, %d of %d frames", snap.GOPDrops, len(rec.Frames()), snap.Frames)
		}
	})
}

// TestFollow: what is followed already goes on, what is not there yet can be
// followed later, and nothing is nothing.
func TestFollow(t *testing.T) {
	r := newRig(t, bus.Config{})
	r.enc.Start = time.Time{}
	sub := subscribe(t, r.hub)
	if sub.Poll() != nil || sub.Video().Track() != 0 || sub.Video().Entries() != 0 {
		t.Error("follows something from the start")
	}
	sub.Follow(77, 0)
	if sub.Video().Track() != 0 || sub.Video().Peek() != nil || sub.Video().Waiting() {
		t.Error("follows what is not there")
	}
	sub.Follow(r.video.ID, 0)
	if !sub.Video().Waiting() {
		t.Error("does not wait for the first keyframe")
	}
	r.pub.Write(r.enc.Next())
	sub.Poll()
	sub.Follow(r.video.ID, r.audio.ID)
	if sub.Video().Entries() != 1 || sub.Poll() != nil {
		t.Error("began again")
	}
	sub.Follow(0, r.audio.ID)
	sub.Follow(r.video.ID, r.audio.ID)
	if f := sub.Poll(); f == nil || f.Type != av.Key || sub.Video().Entries() != 2 {
		t.Errorf("a new beginning at %s", avtest.Describe(f))
	}
	r.enc.Video = nil
	sub.Follow(0, 0)
	r.pub.Write(r.enc.Next())
	if sub.Poll() != nil {
		t.Error("follows what it left")
	}
}

// TestTrackGone: a cursor on a track that is no longer announced, and whose
// keyframe has left the ring, sees nothing and does no harm.
func TestTrackGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.play(time.Second)
		sub := r.join()
		r.pub.Close()
		r.publish()
		r.play(10 * time.Second)
		requested(r.pub)
		time.Sleep(time.Second)
		if f := sub.Video().Peek(); f != nil {
			t.Errorf("sees %s", avtest.Describe(f))
		}
		sub.Video().Peek()
		if requested(r.pub) {
			sub.Video().Peek()
			time.Sleep(time.Second)
			if sub.Video().Peek(); requested(r.pub) {
				t.Error("goes on asking for keyframes that will not help it")
			}
		}
		sub.Follow(r.video.ID, r.audio.ID)
		if f := sub.Poll(); f == nil || f.Type != av.Key || f.Generation != 2 {
			t.Errorf("follows the new generation at %s", avtest.Describe(f))
		}
	})
}

// TestSlowReaders: who falls asleep in the middle of reading keeps nobody up.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		var slow sync.WaitGroup
		for range 50 {
			sub := r.join()
			slow.Go(func() {
				for sub.Stream().Err() == nil {
					sub.Video().Peek()
					time.Sleep(time.Minute)
					sub.Video().Advance()
				}
			})
		}
		start := time.Now()
		r.play(20 * time.Second)
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("writing 20 s took %v", took)
		}
		synctest.Wait()
		checkViewer(t, rec.Frames())
		if got, want := uint64(len(rec.Frames())), r.snapshot().Frames; got != want {
			t.Errorf("the quick reader got %d frames of %d", got, want)
		}
		r.hub.Close()
		slow.Wait()
	})
}
