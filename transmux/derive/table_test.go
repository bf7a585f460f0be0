package derive

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/derive/audio"
	"millrace/transmux/derive/ffmpeg"
)

func TestJudgeWithoutFFmpeg(t *testing.T) {
	canAAC := audio.Check(avtest.AACConfigs()[0].ASC) == nil
	room := New(Config{FFmpeg: ffmpeg.Config{Path: ffmpeg.Off}}, slog.New(slog.DiscardHandler))
	defer room.Close()
	reordered := avtest.H264Track()
	reordered.Reordered = true
	for name, c := range map[string]struct {
		track av.Track
		how   Way
		words string
	}{
		"H.264":                {avtest.H264Track(), Pass, ""},
		"H.264, B-frames":      {reordered, Pass, "B-frames are left out"},
		"Opus":                 {avtest.OpusTrack(), Pass, ""},
		"H.265":                {av.Track{Kind: av.Video, Codec: av.H265}, No, "set the encoder to H.264"},
		"MP3":                  {av.Track{Kind: av.Audio, Codec: av.MP3}, No, "set the encoder to AAC"},
		"AAC without a config": {av.Track{Kind: av.Audio, Codec: av.AAC}, No, "configuration"},
		"AAC, broken config":   {av.Track{Kind: av.Audio, Codec: av.AAC, Config: [][]byte{{1}}}, No, "malformed"},
	} {
		v := room.Judge("live/a", &c.track)
		if v.How != c.how || !strings.Contains(v.Why, c.words) {
			t.Errorf("%s: %s (%s)", name, v.How, v.Why)
		}
	}
	for _, c := range avtest.AACConfigs() {
		track := c.Track()
		want := No
		if c.Playable && canAAC {
			want = Derive
		}
		v := room.Judge("live/a", &track)
		if v.How != want || v.Why == "" || strings.Contains(v.Why, ":") && canAAC {
			t.Errorf("%s, %d channels: %s (%s), want %s", c.Profile, c.Channels, v.How, v.Why, want)
		}
	}
}

// broken is a maker that fails at its n-th frame.
type broken struct {
	n      int
	output output
}

var errBroken = errors.New("it broke")

func (b *broken) Trouble() uint64       { return 0 }
func (b *broken) Done() <-chan struct{} { return nil }
func (b *broken) Err() error            { return nil }
func (b *broken) Close()                {}

func (b *broken) Write(f *av.Frame) error {
	if b.n--; b.n < 0 {
		return errBroken
	}
	b.output.Write(&av.Frame{PTS: f.PTS, DTS: f.DTS, Parts: f.Parts})
	return nil
}

// brokenRecipe makes makers that last for n frames.
func brokenRecipe(n int, opened *int) []recipe {
	return []recipe{{
		to: av.Opus, changes: 10,
		check: func(string, *av.Track) error { return nil },
		open: func(o opening) (maker, error) {
			*opened++
			o.output.Announce(avtest.OpusTrack())
			return &broken{n: n, output: o.output}, nil
		},
	}}
}

func TestFailingMakerIsReplaced(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		opened := 0
		s.room.recipes = brokenRecipe(3, &opened)
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		s.silence(aac, 1500) // 32 s
		got := s.room.Stats()
		// After pauses of 0.1, 0.2, 0.4, 0.8, 1.6, 3.2 and then 5 s.
		if got.Restarts < 8 || got.Restarts > 13 || got.Frames < 3*got.Restarts || got.Frames > 3*got.Restarts+3 {
			t.Errorf("%+v, %d makers", got, opened)
		}
		if n := s.log.Count(errBroken.Error()); n < 6 || n > int(got.Restarts) {
			t.Errorf("%d lines:\n%s", n, s.log)
		}
	})
}

func TestSteadyMakerStartsOverSoon(t *testing.T) {
	onStage(t, Config{}, func(s *stage) {
		opened := 0
		s.room.recipes = brokenRecipe(500, &opened) // 10.7 s each
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		begun := time.Now()
		for s.room.Stats().Restarts < 6 && time.Since(begun) < time.Hour {
			s.silence(aac, 1)
		}
		if took := time.Since(begun); took > 66*time.Second {
			t.Errorf("six makers of 10.7 s and the pauses took %v", took)
		}
	})
}
