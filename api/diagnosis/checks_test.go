package diagnosis

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// judge passes what ffmpeg need not touch, as a gateway without it does.
func judge(_ string, t *av.Track) Judgement {
	switch {
	case t.Profile == "HE-AAC":
		return Judgement{Way: "no", Why: "HE-AAC cannot be turned into Opus; set the encoder to AAC-LC"}
	case t.Codec == av.H265:
		return Judgement{Way: "no", Why: "ffmpeg is not installed on the gateway"}
	case t.Rendition == "cured":
		return Judgement{Way: "derive", Why: "H.264 with B-frames is encoded anew without them for browsers"}
	case t.Codec == av.AAC:
		return Judgement{Way: "derive", Why: "AAC is turned into Opus for browsers", Players: []Player{{"browsers (WebRTC)", "derive", ""}, {"RTSP", "pass", ""}}}
	}
	return Judgement{Way: "pass"}
}

func picture(s bus.TrackSnapshot) bus.TrackSnapshot {
	if s.Track == nil {
		s.Track = &av.Track{ID: 1, Kind: av.Video, Codec: av.H264, Profile: "High 4.0", Width: 1280, Height: 720}
	}
	if s.Frames == 0 {
		s.Frames, s.Keyframes, s.FrameRate, s.KeyframeInterval, s.Bitrate = 300, 5, 30, 2*time.Second, 2.5e6
		s.FrameRateLow, s.FrameRateHigh, s.LongestGap = 29, 31, 40*time.Millisecond
	}
	if s.LastFrame.IsZero() {
		s.LastFrame = now.Add(-30 * time.Millisecond)
	}
	return s
}

func sound() bus.TrackSnapshot {
	return bus.TrackSnapshot{
		Track:  &av.Track{ID: 2, Kind: av.Audio, Codec: av.AAC, Profile: "AAC-LC", SampleRate: 48000, Channels: 2},
		Frames: 400, FrameRate: 47, Bitrate: 160e3, LastFrame: now,
	}
}

// live are the facts of a stream that is all right, for a viewer in its network.
func live(tracks ...bus.TrackSnapshot) *Facts {
	if len(tracks) == 0 {
		tracks = []bus.TrackSnapshot{picture(bus.TrackSnapshot{}), sound()}
	}
	zero := uint64(0)
	return &Facts{
		Name: "live/a", Now: now, Judge: judge, ClockJumps: &zero, Ring: Ring{32 << 20, 8192}, Connected: 3,
		Ports: Ports{RTMP: 1935, RTSP: 8554, WebRTC: 8000},
		Caller: Caller{
			Address: netip.MustParseAddr("192.168.1.20"), Host: "192.168.1.5", All: true,
		},
		Transport: &Transport{UDP: addrs("192.168.1.5:8000"), TCP: addrs("192.168.1.5:8000")},
		Limits:    []Limit{{"publishers", "limits.publishers", 1, 500, "publisher can come"}},
		Snapshot: &bus.Snapshot{
			Name: "live/a", Live: true, Generation: 1, Since: now.Add(-time.Minute),
			Publisher: bus.PublisherInfo{Protocol: "rtmp", Remote: "192.168.1.9:5", Encoder: "OBS"}, Tracks: tracks,
		},
	}
}

func addrs(texts ...string) (list []netip.AddrPort) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddrPort(text))
	}
	return list
}

func TestAllIsWell(t *testing.T) {
	for _, c := range live().Checks() {
		if c.Verdict != OK || c.Code != "" || c.Title == "" || c.Seen == "" || c.ID == "" || c.Area == "" {
			t.Errorf("%+v", c)
		}
	}
}

// TestFindings: what is wrong is found, told with its numbers, and cured by naming
// what to set; and nothing else is found.
func TestFindings(t *testing.T) {
	guide, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	absent := func(f *Facts) { f.Snapshot = nil }
	from := func(addr string) func(f *Facts) {
		return func(f *Facts) { f.Caller.Address = netip.MustParseAddr(addr) }
	}
	for name, tc := range map[string]struct {
		facts  *Facts
		change func(f *Facts)
		code   string
		worst  Verdict
		seen   string // part of it
		remedy string
	}{
		"B-frames":        {live(picture(bus.TrackSnapshot{Frames: 300, Keyframes: 9, Bidirectional: 200, FrameRate: 30, BShare: .66, FrameRateLow: 30}), sound()), nil, "b_frames", Warning, "20 of 30", "zerolatency"},
		"20 s of GOP":     {live(picture(bus.TrackSnapshot{Frames: 900, Keyframes: 2, FrameRate: 30, FrameRateLow: 30, KeyframeInterval: 20 * time.Second}), sound()), nil, "long_keyframe_interval", Warning, "every 20.0 s", "Keyframe Interval"},
		"one keyframe":    {live(picture(bus.TrackSnapshot{Frames: 900, Keyframes: 1, FrameRate: 30, FrameRateLow: 30, KeyframeInterval: 6 * time.Second}), sound()), nil, "long_keyframe_interval", Warning, "only keyframe so far came 6 s ago", "-g 60"},
		"HE-AAC":          {live(picture(bus.TrackSnapshot{}), heaac()), nil, "audio_unplayable", Bad, "HE-AAC, 48 kHz, stereo", "FFmpeg AAC"},
		"H.265":           {live(picture(bus.TrackSnapshot{Track: &av.Track{ID: 1, Kind: av.Video, Codec: av.H265}}), sound()), nil, "video_unplayable", Bad, "H.265", "x264"},
		"uneven":          {live(), func(f *Facts) { f.Snapshot.Tracks[0].FrameRateLow = 8 }, "unsteady", Warning, "8 in the leanest", "bitrate"},
		"a hole":          {live(), func(f *Facts) { f.Snapshot.Tracks[0].LongestGap = time.Second }, "unsteady", Warning, "hole 1000 ms", "bitrate"},
		"stalled":         {live(), func(f *Facts) { f.Snapshot.Tracks[0].LastFrame = now.Add(-4 * time.Second) }, "stalled", Bad, "last picture came 4.0 s ago", "dropped frames"},
		"clock":           {live(), func(f *Facts) { *f.ClockJumps = 2 }, "clock_jumps", Warning, "anew 2 times", "-fflags"},
		"GOP beyond ring": {live(), func(f *Facts) { f.Ring.MaxBytes = 500e3 }, "gop_too_large", Warning, "0.7 MB", "stream.max_bytes"},
		"nobody":          {live(), absent, "not_live", Bad, "No publisher", "rtmp://192.168.1.5/live, Stream Key a"},
		"left": {live(), func(f *Facts) {
			absent(f)
			f.Departure = &Departure{now.Add(-time.Minute), "rtmp", "192.0.2.1:4", "EOF"}
		}, "not_live", Bad, "60 s ago (RTMP from 192.0.2.1:4): EOF", "OBS"},
		"wrong name": {live(), func(f *Facts) { absent(f); f.Names = []string{"live/b", "shop/x", "live/A"} }, "wrong_name", Bad, "live/A, live/b", "/watch/live/A"},
		"lingering":  {live(), func(f *Facts) { f.Snapshot.Live = false }, "publisher_gone", Bad, "nothing for 0 s", "Start the stream again"},
		"camera is off": {live(), func(f *Facts) {
			absent(f)
			f.Source = &Source{State: "waiting", LastError: "connection refused", Next: now.Add(5 * time.Second)}
		}, "source_down", Bad, "connection refused. It is tried again in 5.0 s", "sources:"},
		"refused":           {live(), func(f *Facts) { f.Refused = Trouble{3, now.Add(-20 * time.Second), "a key is needed"} }, "publisher_refused", Warning, "3 times in the last 10 min, the last 20 s ago: a key is needed", "?token="},
		"full":              {live(), func(f *Facts) { f.Limits[0].Used = 500 }, "limit_reached", Bad, "500 of 500", "limits.publishers"},
		"nearly full":       {live(), func(f *Facts) { f.Limits[0].Used = 460 }, "limit_near", Warning, "460 of 500", "limits.publishers"},
		"draining":          {live(), func(f *Facts) { f.Draining = &Draining{now.Add(30 * time.Second)} }, "draining", Bad, "30 s", "another node"},
		"directory lost":    {live(), func(f *Facts) { f.Cluster = &Cluster{Since: now.Add(-time.Minute), Cause: "no route"} }, "directory_lost", Bad, "no route", "cluster.nats"},
		"origin lost":       {live(), func(f *Facts) { f.Cluster = &Cluster{Connected: true, Self: "a", Origin: "b"} }, "origin_unreachable", Bad, "published at b", "relay.address"},
		"no WebRTC":         {live(), func(f *Facts) { f.Transport = nil }, "webrtc_off", Bad, "empty", "webrtc.address"},
		"loopback only":     {live(), func(f *Facts) { f.Transport.UDP = addrs("127.0.0.1:8000") }, "addresses_loopback", Bad, "127.0.0.1:8000 (from this machine only)", "webrtc.public_ips"},
		"private to public": {live(), from("203.0.113.9"), "addresses_private", Bad, "sees you at 203.0.113.9", "UDP and TCP port 8000"},
		"carrier-grade NAT": {live(), func(f *Facts) { from("203.0.113.9")(f); f.Transport.UDP = addrs("100.64.3.2:8000") }, "addresses_private", Bad, "own network only", "webrtc.public_ips"},
		"asked at another":  {live(), func(f *Facts) { f.Caller.Host = "192.168.7.7" }, "addresses_other", Warning, "192.168.1.5", "webrtc.public_ips to 192.168.7.7"},
		"in a container": {live(), func(f *Facts) {
			f.Transport.UDP, f.Transport.Container, f.Caller.Host = addrs("172.17.0.2:8000"), true, ""
		}, "addresses_container", Warning, "172.17.0.2", "-p 8000:8000/udp"},
		"public, by address": {live(), func(f *Facts) { from("203.0.113.9")(f); f.Caller.Host = "198.51.100.1" }, "addresses_private", Bad, "", "to 198.51.100.1, by which"},
		"no TCP":             {live(), func(f *Facts) { f.Transport.TCP = nil }, "no_tcp", Warning, "webrtc.tcp is false", "webrtc.tcp"},
		"nobody gets in":     {live(), func(f *Facts) { f.Connected, f.Unreachable.Count = 0, 2 }, "unreachable", Bad, "2 did not", "port 8000"},
		"some get in":        {live(), func(f *Facts) { f.Unreachable.Count = 2 }, "unreachable", Warning, "3 sessions connected and 2 did not", "firewall"},
		"plain HTTP":         {live(), func(f *Facts) { absent(f); f.Source = &Source{State: "idle"} }, "insecure", Warning, "plain HTTP", "HTTPS"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.change != nil {
				tc.change(tc.facts)
			}
			found := false
			for _, c := range tc.facts.Checks() {
				switch {
				case c.Code == tc.code:
					found = true
					if c.Verdict != tc.worst || !strings.Contains(c.Seen, tc.seen) || !strings.Contains(c.Remedy, tc.remedy) || c.Title == "" {
						t.Errorf("%+v", c)
					}
					if title, _, _ := strings.Cut(c.Title, ": "); !strings.Contains(string(guide), title) {
						t.Errorf("docs/troubleshooting.md does not have %q", title)
					}
				case c.Code != "" && !(c.Code == "insecure" && tc.facts.Snapshot == nil):
					t.Errorf("also %+v", c)
				}
			}
			if !found {
				t.Errorf("no %s among %+v", tc.code, tc.facts.Checks())
			}
			if got := Worst(tc.facts.Checks()); got != tc.worst && tc.code != "publisher_refused" {
				t.Errorf("the whole is %s", got)
			}
		})
	}
}

func heaac() bus.TrackSnapshot {
	s := sound()
	s.Track = &av.Track{ID: 2, Kind: av.Audio, Codec: av.AAC, Profile: "HE-AAC", SampleRate: 48000, Channels: 2}
	return s
}

// TestElsewhere: a stream of another node is not missing where nobody watches it yet.
func TestElsewhere(t *testing.T) {
	f := live()
	f.Snapshot, f.Caller.Secure = nil, true
	f.Cluster = &Cluster{Connected: true, Nodes: 3, Self: "a", Origin: "b", Whole: true}
	for _, c := range f.Checks() {
		if c.Verdict != OK || c.ID == "publisher" && !strings.Contains(c.Seen, "At b") {
			t.Errorf("%+v", c)
		}
	}
}

// TestCured: what ffmpeg makes good is told and is no trouble.
func TestCured(t *testing.T) {
	cured := picture(bus.TrackSnapshot{Track: &av.Track{ID: 1, Kind: av.Video, Codec: av.H264, Rendition: "cured"}})
	cured.Bidirectional, cured.BShare = 200, .66
	for _, c := range live(cured, sound()).Checks() {
		if c.Verdict != OK {
			t.Errorf("%+v", c)
		}
		if c.ID == "b_frames" && !strings.Contains(c.Seen, "66 %") || c.ID == "audio_codec" && !strings.Contains(c.Seen, "RTSP: as it is") {
			t.Errorf("%+v", c)
		}
	}
}

// TestWhoMayOnlyWatch is not told of other people.
func TestWhoMayOnlyWatch(t *testing.T) {
	f := live()
	f.Caller.All = false
	f.Refused = Trouble{1, now, "secret words"}
	f.Departure = &Departure{At: now, Remote: "192.0.2.1:4", Cause: "secret words"}
	for _, c := range f.Checks() {
		if strings.Contains(c.Seen, "192.168.1.9") || strings.Contains(c.Seen, "secret words") || c.ID == "limits" {
			t.Errorf("%+v", c)
		}
	}
	f.Snapshot = nil
	if c := f.Checks()[0]; strings.Contains(c.Seen, "192.0.2.1") || strings.Contains(c.Seen, "secret") {
		t.Errorf("%+v", c)
	}
}

func TestNearest(t *testing.T) {
	for name, tc := range map[string]struct{ name, other, want string }{
		"case":            {"live/Demo", "live/demo", "live/demo"},
		"no application":  {"demo", "live/demo", "live/demo"},
		"another one":     {"app/demo", "live/demo", "live/demo"},
		"a slip":          {"live/dmeo", "live/demo", "live/demo"},
		"a letter":        {"live/demoo", "live/demo", "live/demo"},
		"another name":    {"live/garden", "live/demo", ""},
		"short, and none": {"a", "b", ""},
		"the same":        {"live/a", "live/a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(nearest(tc.name, []string{tc.other}), " "); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
