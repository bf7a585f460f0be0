package rtpio

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"millrace/transmux/av"
)

// camera is a publisher of sound and picture. Times count from its beginning.
type camera struct {
	rand   *rand.Rand
	length time.Duration

	drift   [2]float64                              // of the tracks' clocks, in parts per million
	delay   [2]time.Duration                        // from the lens to our socket
	jitter  time.Duration                           // of the path
	starts  [2]time.Duration                        // when the tracks begin
	reports [2]time.Duration                        // when each track's reports begin, every second; 0 for never
	silent  time.Duration                           // when reports end, 0 for never
	wall    func(at time.Duration) time.Duration    // what its clock shows, nil for the truth
	stamp   func(track int, ticks, at int64) uint32 // what it writes as timestamp, nil for ticks
}

// The tracks of a camera.
const (
	sound = iota
	picture
)

// shot is what happened to one frame.
type shot struct {
	track    int
	at       time.Duration // when it was taken
	pts, dts time.Duration
}

// ticks is what a track's clock shows.
func (c *camera) ticks(track int, at time.Duration) uint32 {
	rate := [2]float64{48000, 90000}[track] * (1 + c.drift[track]/1e6)
	ticks := int64(at.Seconds() * rate)
	if c.stamp != nil {
		return c.stamp(track, ticks, int64(at))
	}
	return uint32(ticks) + 0xFFFF0000 // turns over soon
}

// shoot lets a Clock place the camera's frames.
func (c *camera) shoot(t *testing.T) []shot {
	t.Helper()
	var clock Clock
	ids := [2]int{sound: clock.Add(av.Audio, 48000), picture: clock.Add(av.Video, 90000)}
	every := [2]time.Duration{20 * time.Millisecond, time.Second / 30}
	next := [2]time.Duration{c.starts[sound], c.starts[picture]}
	report := c.reports
	start := time.Unix(5000, 0)
	var arrived [2]time.Duration
	var shots []shot
	var last [2]time.Duration
	for {
		i := sound
		if next[picture]+c.delay[picture] < next[sound]+c.delay[sound] {
			i = picture
		}
		at := next[i]
		if at > c.length {
			return shots
		}
		next[i] += every[i]
		came := at + c.delay[i]
		if c.jitter > 0 {
			came += time.Duration(c.rand.ExpFloat64() * float64(c.jitter) / 4)
		}
		arrived[i] = max(arrived[i], came)
		if report[i] > 0 && at >= report[i] && (c.silent == 0 || at < c.silent) {
			report[i] += time.Second
			wall := at
			if c.wall != nil {
				wall = c.wall(at)
			}
			clock.Report(ids[i], ntp(start.Add(wall)), c.ticks(i, at))
		}
		s := shot{track: i, at: at}
		s.pts, s.dts = clock.At(ids[i], c.ticks(i, at), start.Add(arrived[i]))
		if n := len(shots); n > 1 && s.dts <= last[i] && last[i] != 0 {
			t.Fatalf("at %v track %d goes from %v to %v", at, i, last[i], s.dts)
		}
		last[i] = s.dts
		shots = append(shots, s)
	}
}

// sync is how far the picture is shown too late against the sound, at most, over
// the part of the film from a moment on.
func sync(shots []shot, from, to time.Duration) (worst time.Duration) {
	var heard, seen time.Duration
	var begun [2]bool
	for _, s := range shots {
		if s.track == sound {
			heard = s.pts - s.at
		} else {
			seen = s.pts - s.at
		}
		begun[s.track] = true
		if off := seen - heard; begun[0] && begun[1] && s.at >= from && s.at < to && off.Abs() > worst.Abs() {
			worst = off
		}
	}
	return worst
}

func TestClockSync(t *testing.T) {
	const ms = time.Millisecond
	lips := [2]time.Duration{sound: 30 * ms, picture: 150 * ms} // an encoder that looks ahead
	for name, tc := range map[string]struct {
		camera  camera
		settled time.Duration // from when on
		least   time.Duration // how well it fits then
		whole   time.Duration // how well before
	}{
		"nothing in the way":        {camera{}, 0, 20 * time.Microsecond, 0},
		"reports":                   {camera{delay: lips, jitter: 20 * ms, reports: [2]time.Duration{ms, ms}}, 3 * time.Second, 2 * ms, 200 * ms},
		"no reports":                {camera{delay: [2]time.Duration{30 * ms, 40 * ms}, jitter: 20 * ms}, 5 * time.Second, 30 * ms, 60 * ms},
		"late reports":              {camera{delay: lips, jitter: 20 * ms, reports: [2]time.Duration{5 * time.Second, 10 * time.Second}}, 13 * time.Second, 2 * ms, 200 * ms},
		"sound alone reports":       {camera{delay: [2]time.Duration{30 * ms, 40 * ms}, jitter: 20 * ms, reports: [2]time.Duration{ms, 0}}, 5 * time.Second, 30 * ms, 60 * ms},
		"clocks drift, reports":     {camera{drift: [2]float64{200, -100}, delay: lips, jitter: 20 * ms, reports: [2]time.Duration{ms, ms}, length: time.Hour}, 3 * time.Second, 3 * ms, 200 * ms},
		"clocks drift, no reports":  {camera{drift: [2]float64{200, -100}, delay: [2]time.Duration{30 * ms, 40 * ms}, jitter: 20 * ms, length: time.Hour}, 10 * time.Second, 35 * ms, 60 * ms},
		"drift, reports that end":   {camera{drift: [2]float64{200, -100}, delay: [2]time.Duration{30 * ms, 40 * ms}, jitter: 20 * ms, reports: [2]time.Duration{ms, ms}, silent: time.Minute, length: time.Hour}, 10 * time.Second, 45 * ms, 60 * ms},
		"picture first":             {camera{delay: lips, starts: [2]time.Duration{2 * time.Second, 0}, reports: [2]time.Duration{ms, ms}}, 5 * time.Second, 2 * ms, 130 * ms},
		"sound first":               {camera{delay: lips, starts: [2]time.Duration{0, 2 * time.Second}, reports: [2]time.Duration{ms, ms}}, 5 * time.Second, 2 * ms, 130 * ms},
		"a report before the frame": {camera{delay: lips, jitter: 5 * ms, reports: [2]time.Duration{ms, ms}, starts: [2]time.Duration{0, 3 * time.Second}}, 6 * time.Second, 2 * ms, 140 * ms},
		"the sender's clock is set": {camera{delay: lips, jitter: 20 * ms, reports: [2]time.Duration{ms, 300 * ms}, wall: func(at time.Duration) time.Duration {
			if at > 20*time.Second {
				return at - time.Hour
			}
			return at
		}}, 3 * time.Second, 2 * ms, 200 * ms},
		"reports that lie": {camera{delay: [2]time.Duration{30 * ms, 40 * ms}, reports: [2]time.Duration{ms, 500 * ms}, wall: func(at time.Duration) time.Duration {
			return at * 1000 // each is far from the last
		}}, 5 * time.Second, 30 * ms, 60 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			c := &tc.camera
			c.rand = rand.New(rand.NewPCG(1, 2))
			if c.length == 0 {
				c.length = time.Minute
			}
			shots := c.shoot(t)
			begin, settled := sync(shots, 0, tc.settled), sync(shots, tc.settled, c.length)
			t.Logf("picture against sound: %v, then %v", begin, settled)
			if settled.Abs() > tc.least {
				t.Errorf("picture is %v late, want less than %v", settled, tc.least)
			}
			if begin.Abs() > tc.whole {
				t.Errorf("picture is %v late in the beginning, want less than %v", begin, tc.whole)
			}
			checkSteady(t, c, shots)
		})
	}
}

// checkSteady holds that sound keeps its own time exactly, and that a picture's
// time passes neither twice as fast nor half as fast as the camera's.
func checkSteady(t *testing.T, c *camera, shots []shot) {
	t.Helper()
	var last [2]*shot
	for i := range shots {
		s := &shots[i]
		if l := last[s.track]; l != nil {
			own := ticksToDuration(int64(c.ticks(s.track, s.at)-c.ticks(s.track, l.at)), [2]int64{48000, 90000}[s.track])
			passed := s.pts - l.pts
			if s.track == sound && (passed-own).Abs() > time.Microsecond {
				t.Fatalf("at %v sound passes %v in %v", s.at, passed, own)
			}
			if passed < own/2-time.Microsecond || passed > own*3/2+time.Microsecond {
				t.Fatalf("at %v a picture takes %v instead of %v", s.at, passed, own)
			}
		}
		last[s.track] = s
	}
}

// Timestamps that begin anew in mid-stream do not tear the timeline.
func TestClockTimestampsBeginAnew(t *testing.T) {
	const at = 10 * time.Second
	for name, jump := range map[string]int64{"forth": 1 << 30, "back": -1 << 30, "a little more than possible": 6 * 90000} {
		for track := range 2 {
			t.Run(fmt.Sprint(name, track), func(t *testing.T) {
				c := &camera{
					rand: rand.New(rand.NewPCG(1, 2)), length: 40 * time.Second,
					delay:   [2]time.Duration{30 * time.Millisecond, 60 * time.Millisecond},
					reports: [2]time.Duration{1, 1},
					stamp: func(i int, ticks, now int64) uint32 {
						if i == track && now >= int64(at) {
							ticks += jump
						}
						return uint32(ticks)
					},
				}
				shots := c.shoot(t)
				for i, s := range shots {
					if off := s.pts - s.at; off.Abs() > 200*time.Millisecond {
						t.Fatalf("shot %d of track %d at %v is placed at %v", i, s.track, s.at, s.pts)
					}
				}
				if off := sync(shots, at+3*time.Second, c.length); off.Abs() > 2*time.Millisecond {
					t.Errorf("picture is %v late in the end", off)
				}
			})
		}
	}
}

func TestClockRestart(t *testing.T) {
	var c Clock
	picture, sound := c.Add(av.Video, 90000), c.Add(av.Audio, 48000)
	start := time.Unix(5000, 0)
	const frame = 20 * time.Millisecond
	c.Restart(picture, 90000) // before it began
	rate, base := uint32(48000), uint32(1)
	for i := range uint32(500) {
		if i == 200 { // Opus, then G.711 under another SSRC
			rate, base = 8000, 1<<31
			c.Restart(sound, 8000)
		}
		if i == 300 {
			c.Restart(picture, 90000)
		}
		at := time.Duration(i) * frame
		seen, _ := c.At(picture, i*1800+i/300*1e9, start.Add(at))
		heard, _ := c.At(sound, base+i*rate/50, start.Add(at))
		if (seen-at).Abs() > time.Millisecond || (heard-at).Abs() > time.Millisecond {
			t.Fatalf("at %v picture is at %v, sound at %v", at, seen, heard)
		}
	}
}

// Pictures that are shown in another order go back in time; decoding does not.
func TestClockReordered(t *testing.T) {
	var c Clock
	id := c.Add(av.Video, 90000)
	start := time.Unix(5000, 0)
	var last time.Duration
	for i, shown := range []uint32{0, 4, 2, 1, 3, 8, 6, 5, 7} {
		pts, dts := c.At(id, 100+shown*3000, start.Add(time.Duration(i)*33*time.Millisecond))
		if want := ticksToDuration(int64(shown)*3000, 90000); pts != want {
			t.Errorf("picture %d is shown at %v, want %v", shown, pts, want)
		}
		if i > 0 && dts <= last {
			t.Errorf("picture %d is decoded at %v after %v", shown, dts, last)
		}
		last = dts
	}
}

func TestClockLongTurns(t *testing.T) {
	var c Clock
	id := c.Add(av.Audio, 48000)
	start := time.Unix(5000, 0)
	const day = 48000 * 3600 * 24
	for i := range int64(20 * 24 * 60 * 30) { // twenty days, every two seconds: eight turns
		ticks := i * 2 * 48000
		pts, _ := c.At(id, uint32(ticks), start.Add(time.Duration(i)*2*time.Second))
		if want := time.Duration(i) * 2 * time.Second; pts != want {
			t.Fatalf("day %d: %v, want %v", ticks/day, pts, want)
		}
	}
}

// FuzzClock lets timestamps, arrivals and reports be anything.
func FuzzClock(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 2, 3, 4, 5, 6, 7, 2, 0, 0, 0, 1, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Clock
		c.Add(av.Video, 90000)
		c.Add(av.Audio, 48000)
		c.Add(av.Video, 0)
		now := time.Unix(5000, 0)
		var last [3]time.Duration
		var placed [3]bool
		for ; len(data) >= 8; data = data[8:] {
			track := int(data[0]) % 3
			ts := uint32(data[1])<<24 | uint32(data[2])<<12 | uint32(data[3])
			now = now.Add(time.Duration(int8(data[4])) * 30 * time.Millisecond)
			if data[0]&0x80 != 0 {
				c.Report(track, uint64(data[5])<<56|uint64(data[6])<<32|uint64(data[7])<<24, ts)
				continue
			}
			if data[0]&0x40 != 0 {
				c.Restart(track, int(data[5])*500)
			}
			_, dts := c.At(track, ts, now)
			if placed[track] && dts <= last[track] {
				t.Fatalf("track %d goes from %v to %v", track, last[track], dts)
			}
			last[track], placed[track] = dts, true
		}
	})
}

func BenchmarkClock(b *testing.B) {
	var c Clock
	sound, picture := c.Add(av.Audio, 48000), c.Add(av.Video, 90000)
	now := time.Unix(5000, 0)
	b.ReportAllocs()
	for i := uint32(0); b.Loop(); i++ {
		now = now.Add(20 * time.Millisecond)
		c.At(sound, i*960, now)
		c.At(picture, i*1800, now)
	}
}
