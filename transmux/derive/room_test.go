//go:build !noaac

package derive

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
)

func TestAACBecomesOpus(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		aac := s.track(avtest.AACTrack())
		release := s.room.Want(s.stream, opus)
		defer release()
		d := s.derived()
		if d == nil || d.Codec != av.Opus || d.DerivedFrom != aac.ID || d.Channels != 2 || d.SampleRate != 48000 {
			t.Fatalf("derived track %+v", d)
		}
		tap := s.stream.Tap()
		defer tap.Close()
		tap.Follow(0, d.ID)
		source := s.stream.Tap()
		defer source.Close()
		source.Follow(0, aac.ID)
		s.silence(aac, 40) // less than the second that a reader may lag

		var units []*av.Frame
		for f := source.Poll(); f != nil; f = source.Poll() {
			units = append(units, f)
		}
		n := 0
		for f := tap.Poll(); f != nil; f = tap.Poll() {
			if want := units[0].PTS - 6500*time.Microsecond + time.Duration(n)*20*time.Millisecond; (f.PTS-want).Abs() > time.Microsecond || f.DTS != f.PTS {
				t.Errorf("packet %d: PTS %v, DTS %v, want %v", n, f.PTS, f.DTS, want)
			}
			if f.Track != d || len(f.Payloads) != 1 || len(f.Parts) != 1 || f.Type != av.Delta {
				t.Errorf("packet %d: %+v", n, f)
			}
			// It came with the unit that held its last sample and what the
			// resampler had to know after it.
			n++
			last := units[0].PTS + time.Duration(n)*20*time.Millisecond
			for _, u := range units {
				if u.PTS+1024*time.Second/48000 > last+600*time.Microsecond {
					if !f.Arrived.Equal(u.Arrived) {
						t.Errorf("packet %d arrived %v after its unit", n, f.Arrived.Sub(u.Arrived))
					}
					break
				}
			}
		}
		if want := 40 * 1024 / 960; n < want-1 || n > want {
			t.Errorf("%d packets of 40 units", n)
		}
		got := s.room.Stats()
		if got.Active != 1 || got.Frames != uint64(n) || got.Trouble != 0 || got.Restarts != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestWishesBeforeThereIsSound(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		s.track(avtest.H264Track())
		if d := s.derived(); d != nil {
			t.Fatalf("%+v made of nothing", d)
		}
		s.silence(s.track(avtest.AACTrack()), 3)
		if s.derived() == nil || s.room.Stats().Frames == 0 {
			t.Error("nothing made when the sound came")
		}
	})
}

func TestNothingToMake(t *testing.T) {
	for name, c := range map[string]struct {
		tracks  []av.Track
		offered Offer
	}{
		"the publisher sends Opus":         {[]av.Track{avtest.OpusTrack()}, opus},
		"the publisher sends both":         {[]av.Track{avtest.AACTrack(), avtest.OpusTrack()}, opus},
		"the viewer takes AAC":             {[]av.Track{avtest.AACTrack()}, Taking(av.Opus, av.AAC)},
		"the viewer takes nothing of this": {[]av.Track{avtest.AACTrack()}, Taking(av.PCMU)},
		"the viewer is deaf":               {[]av.Track{avtest.AACTrack()}, Offer{}},
		"there is only video":              {[]av.Track{avtest.H264Track()}, opus},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, Config{}, func(s *stage) {
				for _, track := range c.tracks {
					s.track(track)
				}
				defer s.room.Want(s.stream, c.offered)()
				if d := s.derived(); d != nil {
					t.Errorf("%+v", d)
				}
			})
		})
	}
}

func TestOneForAllUntilTheLast(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		aac := s.track(avtest.AACTrack())
		first, second := s.room.Want(s.stream, opus), s.room.Want(s.stream, opus)
		d := s.derived()
		first()
		first() // twice is once
		s.silence(aac, 200)
		if s.derived() != d {
			t.Error("it ended with the first of two")
		}
		second()
		time.Sleep(defaultLinger - time.Millisecond)
		if s.derived() != d {
			t.Error("it ended at once")
		}
		third := s.room.Want(s.stream, opus)
		s.silence(aac, 200)
		if s.derived() != d {
			t.Error("a page loaded anew did not find it")
		}
		third()
		time.Sleep(defaultLinger + time.Millisecond)
		if got := s.derived(); got != nil {
			t.Errorf("%+v goes on with nobody there", got)
		}
		if s.room.Stats().Active != 0 {
			t.Error("still active")
		}
		if s.log.Count("derivation opened") != 1 || s.log.Count("derivation closed") != 1 || s.log.Count(errUnwanted.Error()) != 1 {
			t.Errorf("log:\n%s", s.log)
		}
		defer s.room.Want(s.stream, opus)()
		if got := s.derived(); got == nil || got == d {
			t.Errorf("a later viewer gets %+v", got)
		}
	})
}

func TestNoLinger(t *testing.T) {
	onStage(t, Config{Linger: -1}, func(s *stage) {
		s.track(avtest.AACTrack())
		release := s.room.Want(s.stream, opus)
		if s.derived() == nil {
			t.Error("nothing made")
		}
		other := s.room.Want(s.stream, opus)
		release()
		if s.derived() == nil {
			t.Error("ends with the first of two")
		}
		other()
		if s.derived() != nil {
			t.Error("goes on")
		}
	})
}

func TestPublisherComesBack(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		s.silence(s.track(avtest.AACTrack()), 10)
		before := s.derived()
		s.pub.Close()
		time.Sleep(3 * time.Second)
		s.publish()
		if d := s.derived(); d != nil {
			t.Errorf("%+v of the generation before", d)
		}
		made := s.room.Stats().Frames
		s.silence(s.track(avtest.AACTrack()), 10)
		if d := s.derived(); d == nil || d == before || s.room.Stats().Frames < made+9 {
			t.Errorf("derived track %+v, %d frames", d, s.room.Stats().Frames-made)
		}

		s.pub.Close()
		s.publish()
		s.track(avtest.OpusTrack())
		if d := s.derived(); d != nil || s.room.Stats().Active != 0 {
			t.Errorf("%+v beside the publisher's own Opus", d)
		}
		if s.log.Count("derivation opened") != 1 || s.room.Stats().Restarts != 0 {
			t.Errorf("log:\n%s", s.log)
		}
	})
}

func TestConfigurationChanges(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		s.silence(aac, 10)
		before := s.derived()

		again := avtest.AACTrack()
		again.ID = aac.ID
		s.silence(s.track(again), 10)
		if s.derived() != before {
			t.Error("the same configuration again made another track")
		}

		mono := avtest.AACConfigs()[3].Track()
		mono.ID = aac.ID
		now := s.track(mono)
		if s.derived() != before {
			t.Error("a change was obeyed before a frame had it")
		}
		s.silence(now, 10)
		if d := s.derived(); d == nil || d.Channels != 1 || d == before {
			t.Errorf("derived track %+v after a change to mono", d)
		}
		if got := s.room.Stats(); got.Trouble != 0 {
			t.Errorf("%+v", got)
		}

		he := avtest.AACConfigs()[5].Track()
		he.ID = aac.ID
		now = s.track(he)
		s.silence(now, 10)
		if d := s.derived(); d != nil {
			t.Errorf("derived track %+v of HE-AAC", d)
		}
		if s.log.Count("track cannot be derived") != 1 {
			t.Errorf("log:\n%s", s.log)
		}
	})
}

func TestEndOfStream(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		release := s.room.Want(s.stream, opus)
		s.silence(s.track(avtest.AACTrack()), 10)
		s.hub.Close()
		synctest.Wait()
		if s.room.Stats().Active != 0 || s.log.Count("derivation closed") != 1 {
			t.Errorf("log:\n%s", s.log)
		}
		release()
		s.room.Want(s.stream, opus)()
		synctest.Wait()
		if s.log.Count("derivation opened") != 1 {
			t.Errorf("log:\n%s", s.log)
		}
	})
}

func TestClose(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		s.silence(s.track(avtest.AACTrack()), 1)
		release := s.room.Want(s.stream, opus)
		s.room.Close()
		if s.log.Count(errClosed.Error()) != 1 {
			t.Errorf("log:\n%s", s.log)
		}
		s.room.Want(s.stream, opus)()
		synctest.Wait()
		if s.log.Count("derivation opened") != 1 {
			t.Errorf("log:\n%s", s.log)
		}
		release()
		s.room.Close()
		if d := s.derived(); d != nil {
			t.Errorf("%+v after the end", d)
		}
	})
}

func TestCorruptSource(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		s.silence(aac, 10)
		d := s.derived()
		s.send(aac, 1, []byte{0xff, 0xff, 0xff})
		s.send(aac, 200, nil)
		s.silence(aac, 10)
		got := s.room.Stats()
		if s.derived() != d || got.Trouble != 201 || got.Restarts != 0 || got.Frames < 221*1024/960-1 {
			t.Errorf("%+v", got)
		}
		if n := s.log.Count("source is corrupt"); n < 4 || n > 6 {
			t.Errorf("%d lines about 4.3 s of corrupt units", n)
		}
	})
}

// HE-AAC that only its units show: the API says so while it is so.
func TestVerdictFoundOutLater(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		if how, _ := s.judged(aac); how != Derive {
			t.Errorf("at first: %s", how)
		}
		sbr := []byte{0xc3, 0xa0, 0, 0, 0, 0xe0}
		s.send(aac, 60, sbr)
		if how, why := s.judged(aac); how != No || !strings.Contains(why, "AAC-LC") || strings.Contains(why, "audio:") {
			t.Errorf("then: %s: %s", how, why)
		}
		if s.derived() != nil || s.log.Count("track cannot be derived") != 1 {
			t.Errorf("log:\n%s", s.log)
		}
		again := *aac
		now := s.track(again)
		synctest.Wait()
		if how, _ := s.judged(now); how != No {
			t.Errorf("described again: %s", how)
		}
		s.pub.Close()
		s.publish()
		s.silence(s.track(avtest.AACTrack()), 3)
		if s.derived() == nil {
			t.Error("the next publisher's sound is not derived")
		}
		if how, _ := s.judged(now); how != Derive {
			t.Error("a verdict outlived its track")
		}
	})
}

func TestFickleSource(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		kinds := []av.Track{avtest.AACConfigs()[0].Track(), avtest.AACConfigs()[3].Track()}
		id := s.track(kinds[0]).ID
		for i := range 200 {
			next := kinds[i%2]
			next.ID = id
			s.silence(s.track(next), 1)
		}
		got := s.room.Stats()
		if got.Restarts == 0 || got.Restarts > 8 {
			t.Errorf("%+v in 4.5 s of new configurations", got)
		}
		next := kinds[0]
		next.ID = id
		aac := s.track(next)
		s.silence(aac, 300)
		if s.derived() == nil || s.room.Stats().Frames < got.Frames+50 {
			t.Errorf("%+v after it had settled", s.room.Stats())
		}
	})
}
