package rtsp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/codecs"

	"millrace/playout"
)

func key(p []byte) bool { return p[0]&0x1F == 5 }

// A viewer gets the newest keyframe first, behind a sender report, and all that
// followed it; it is at the live edge soon, and no timestamp runs back.
func TestPlayBeginsAtTheKeyframe(t *testing.T) {
	for name, transport := range map[string]gortsplib.Transport{"tcp": gortsplib.TransportTCP, "udp": gortsplib.TransportUDP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, playout.Config{})
			h.publish("live/a", 3500*time.Millisecond, codecs.OpusTrack(2), avtest.Encoder{GOP: 300, Payloads: 1})
			c := h.play("live/a", transport)
			h.until("pictures up to the live edge", func() bool { return len(c.of(0)) > 115+30 && len(c.of(1)) > 20 })
			all := c.seen()
			reported := map[int]bool{}
			for _, g := range all {
				if g.report != nil {
					reported[g.media] = true
				} else if name == "tcp" && !reported[g.media] {
					t.Fatalf("media %d begins without a sender report", g.media)
				}
			}
			video := c.of(0)
			if !key(video[0].packet.Payload) {
				t.Errorf("the first packet is %x", video[0].packet.Payload[:1])
			}
			for i := 1; i < len(video); i++ {
				if step := int32(video[i].packet.Timestamp - video[i-1].packet.Timestamp); step < 0 || step > 90000 {
					t.Fatalf("packet %d: timestamp goes on by %d", i, step)
				}
			}
			// 3.5 s of the past took less than one of the timeline.
			if d := video[100].packet.Timestamp - video[0].packet.Timestamp; d > 90000*3/2 {
				t.Errorf("the cached pictures take %d ticks", d)
			}
			h.says("viewer opened")
			c.Close()
			h.says("viewer closed")
		})
	}
}

// Sender reports say what time it is on both clocks alike.
func TestSenderReports(t *testing.T) {
	h := build(t, playout.Config{})
	h.publish("live/a", time.Second, codecs.OpusTrack(2), avtest.Encoder{GOP: 30})
	c := h.play("live/a", gortsplib.TransportTCP)
	h.until("sound and picture", func() bool { return len(c.of(0)) > 60 && len(c.of(1)) > 25 })
	wall := func(media int, rate float64) time.Time {
		for _, g := range c.seen() {
			if g.report != nil && g.media == media {
				last := c.of(media)
				newest := last[len(last)-1]
				at := time.Unix(int64(g.report.NTPTime>>32)-2208988800, int64(g.report.NTPTime&0xFFFFFFFF)*1e9>>32)
				d := float64(int32(newest.packet.Timestamp-g.report.RTPTime)) / rate
				return at.Add(time.Duration(d * 1e9))
			}
		}
		t.Fatal("no report")
		return time.Time{}
	}
	for media, rate := range []float64{90000, 48000} {
		if off := time.Since(wall(media, rate)); off.Abs() > 2*time.Second {
			t.Errorf("media %d is %v off", media, off)
		}
	}
}

// B-frames are sent in the order of decoding with the times of showing.
func TestBidirectional(t *testing.T) {
	h := build(t, playout.Config{})
	h.publish("live/a", 2*time.Second, av.Track{}, avtest.Encoder{GOP: 300, Payloads: 1, BFrames: true})
	c := h.play("live/a", gortsplib.TransportTCP)
	h.until("pictures", func() bool { return len(c.of(0)) > 120 })
	var times []int32
	for _, g := range c.of(0) {
		at := int32(g.packet.Timestamp - c.of(0)[0].packet.Timestamp)
		if !slices.Contains(times, at) {
			times = append(times, at)
		}
	}
	if slices.IsSorted(times) {
		t.Error("nothing is out of order")
	}
	slices.Sort(times)
	for i := 1; i < len(times); i++ {
		if times[i] == times[i-1] {
			t.Error("two pictures at once")
		}
	}
}

// A publisher that comes back goes on with all numbers.
func TestPublisherComesBack(t *testing.T) {
	h := build(t, playout.Config{})
	aac, err := codecs.AACTrack([]byte{0x11, 0x90})
	if err != nil {
		t.Fatal(err)
	}
	p := h.publish("live/a", time.Second, aac, avtest.Encoder{GOP: 30, Payloads: 1})
	c := h.play("live/a", gortsplib.TransportTCP)
	h.until("the first publisher", func() bool { return len(c.of(0)) > 10 && len(c.of(1)) > 10 })
	p.end()
	before := len(c.of(0))
	h.publish("live/a", time.Second, aac, avtest.Encoder{GOP: 30, Payloads: 1, Origin: 0})
	h.until("the second publisher", func() bool { return len(c.of(0)) > before+40 && len(c.of(1)) > 40 })
	for media := range 2 {
		all := c.of(media)
		for i := 1; i < len(all); i++ {
			a, b := all[i-1].packet, all[i].packet
			if b.SequenceNumber != a.SequenceNumber+1 || int32(b.Timestamp-a.Timestamp) < 0 || b.SSRC != a.SSRC {
				t.Fatalf("media %d: after %v comes %v", media, a.Header, b.Header)
			}
		}
	}
	if n := strings.Count(h.log.String(), "viewer closed"); n != 0 {
		t.Errorf("%d sessions ended", n)
	}
}

// One that comes back with another codec ends the session: the description is wrong.
func TestPublisherComesBackDifferent(t *testing.T) {
	h := build(t, playout.Config{})
	p := h.publish("live/a", time.Second, codecs.OpusTrack(2), avtest.Encoder{GOP: 30})
	c := h.play("live/a", gortsplib.TransportTCP)
	h.until("the first publisher", func() bool { return len(c.of(1)) > 10 })
	p.end()
	h.publish("live/a", time.Second, codecs.PCMTrack(av.PCMU), avtest.Encoder{GOP: 30})
	h.says(errChanged.Error())
}

func TestNotLive(t *testing.T) {
	h := build(t, playout.Config{})
	for name, want := range map[string]string{
		"live/nothing": "404 (live/nothing is not live",
		"live/..":      "400 (this path cannot be",
	} {
		if _, err := h.dial(name, gortsplib.TransportTCP); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every codec that RTSP carries comes out as RTP says.
func TestDescriptions(t *testing.T) {
	aac, err := codecs.AACTrack([]byte{0x11, 0x90})
	if err != nil {
		t.Fatal(err)
	}
	video := h264(t)
	for _, tc := range []struct {
		track av.Track
		want  string
	}{
		{video, "H264/90000 map[packetization-mode:1 profile-level-id:42C00A sprop-parameter-sets:Z0LACtoQmwEQAAADABAAAAMDwPEiag==,aM4PLIA=]"},
		{av.Track{Kind: av.Video, Codec: av.H264}, "false"},
		{codecs.VP8Track(1, 1), "VP8/90000 map[]"},
		{codecs.VP9Track(1, 1, 0), "VP9/90000 map[]"},
		{av.Track{Kind: av.Video, Codec: av.AV1}, "AV1/90000 map[]"},
		{aac, "mpeg4-generic/48000 map[config:1190 indexdeltalength:3 indexlength:3 mode:AAC-hbr profile-level-id:1 sizelength:13 streamtype:5]"},
		{codecs.OpusTrack(2), "opus/48000 map[sprop-stereo:1]"},
		{codecs.OpusTrack(1), "opus/48000 map[]"},
		{codecs.PCMTrack(av.PCMA), "PCMA/8000 map[]"},
		{codecs.MP3Track(2, 44100), "MPA/90000 map[]"},
		{codecs.AC3Track(6, 48000), "ac3/48000 map[]"},
		{codecs.EAC3Track(6, 48000), "false"},
	} {
		got := "false"
		if f, ok := describe(&tc.track); ok {
			got = fmt.Sprint(f, " ", f.Parameters)
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.track.Codec, got, tc.want)
		}
	}
}

func TestSqueeze(t *testing.T) {
	s := newSqueeze(2*time.Second, 10*time.Second)
	last := time.Duration(-1)
	for pts := 2 * time.Second; pts < 20*time.Second; pts += 20 * time.Millisecond {
		at := s.at(pts)
		if at <= last || at < pts {
			t.Fatalf("%v is shown at %v after %v", pts, at, last)
		}
		if pts > 12*time.Second && at != pts {
			t.Fatalf("%v is still moved to %v", pts, at)
		}
		last = at
	}
	if first := s.at(2 * time.Second); first != 10*time.Second {
		t.Errorf("the keyframe is shown at %v", first)
	}
}
