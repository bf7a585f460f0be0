package api

import (
	"fmt"
	"math"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// Warning is something about a stream that its viewers suffer from, in words for
// the person who streams: what it is, what it costs, and what to set.
type Warning struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy"`
}

const (
	// Keyframes further apart than this make lost packets hurt for as long. Most
	// services ask for 2 s, and the automatic setting of x264 is 8.3 s at 30
	// pictures a second.
	longKeyframeInterval = 5 * time.Second
	// trackGrace is how long a publisher may take to send both sound and picture;
	// OBS sends them within half a second.
	trackGrace = 3 * time.Second
)

// Warnings says what is wrong with a stream at this moment; it is never nil.
func Warnings(s *bus.Snapshot, judge Judge, now time.Time) []Warning {
	list := []Warning{}
	add := func(w Warning, wrong bool) {
		if wrong {
			list = append(list, w)
		}
	}
	if !s.Live {
		return append(list, publisherGone(s, now))
	}
	seen, heard := false, false
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.Track.DerivedFrom != 0 || t.Frames == 0 {
			continue // of our own making, or only announced
		}
		verdict := judge(s.Name, t.Track)
		switch t.Track.Kind {
		case av.Video:
			seen = true
			// Those that are taken out of the picture by a derivation cost nobody anything.
			add(bFrames(t, verdict.Why), t.Bidirectional > 0 && verdict.Way == "pass")
			add(videoUnplayable(verdict.Why), verdict.Way == "no")
			add(noKeyframe(t, now.Sub(s.Since)), t.Keyframes == 0 && now.Sub(s.Since) > trackGrace)
			// Who makes keyframes on demand may leave them far apart.
			add(farKeyframes(t), t.KeyframeInterval > longKeyframeInterval && !s.Publisher.Refreshes)
		case av.Audio:
			heard = true
			add(audioUnplayable(verdict.Why), verdict.Way == "no")
		}
	}
	late := now.Sub(s.Since) > trackGrace
	add(noVideo(now.Sub(s.Since)), late && !seen)
	add(noAudio(now.Sub(s.Since)), late && !heard)
	return list
}

// bFrames is about pictures that browsers are not given; why has the reason for
// which they are not encoded anew.
func bFrames(t *bus.TrackSnapshot, why string) Warning {
	lost := fmt.Sprintf("%d of %d pictures so far are left out.", t.Bidirectional, t.Frames)
	gain := ""
	if all := math.Round(t.FrameRate); all > 0 && t.BShare > 0 {
		out := math.Round(all * t.BShare)
		lost = fmt.Sprintf("%.0f of %.0f pictures a second are left out, playing at %.0f.", out, all, all-out)
		gain = fmt.Sprintf(": %.0f instead of %.0f pictures a second", all, all-out)
	}
	if why != "" {
		lost += " " + why + "."
	}
	return Warning{
		Code:   "b_frames",
		Title:  "Pictures are missing: B-frames",
		Detail: "The encoder makes B-frames, which browsers cannot play in a live stream. " + lost,
		Remedy: "OBS: Settings → Output → Output Mode: Advanced → Streaming. With x264 set Tune to zerolatency, " +
			"or write bframes=0 into the x264 options; with NVENC set Max B-frames to 0. ffmpeg: -bf 0. " +
			"Or install ffmpeg where the gateway runs, which makes a picture without them" + gain + ".",
	}
}

func farKeyframes(t *bus.TrackSnapshot) Warning {
	return Warning{
		Code:  "long_keyframe_interval",
		Title: "Keyframes are far apart",
		Detail: fmt.Sprintf("Keyframes come every %.1f s. A viewer who loses packets waits that long for a clean picture, "+
			"and joining takes more data.", t.KeyframeInterval.Seconds()),
		Remedy: "OBS: Settings → Output → Output Mode: Advanced → Streaming: set Keyframe Interval to 1 s or 2 s in place of 0 s (auto). " +
			"ffmpeg: -g 60 (2 s at 30 pictures a second)",
	}
}

func noKeyframe(t *bus.TrackSnapshot, after time.Duration) Warning {
	return Warning{
		Code:  "no_keyframe",
		Title: "No keyframe has come",
		Detail: fmt.Sprintf("%d pictures have come in %.0f s and none of them is a keyframe. Viewers see nothing until one comes.",
			t.Frames, after.Seconds()),
		Remedy: "OBS: Settings → Output → Output Mode: Advanced → Streaming: set Keyframe Interval to 1 s or 2 s, then start the stream again. " +
			"ffmpeg: -g 60",
	}
}

func videoUnplayable(why string) Warning {
	return Warning{
		Code:   "video_unplayable",
		Title:  "The picture cannot be played",
		Detail: "Viewers in browsers see no picture: " + why,
		Remedy: "OBS: Settings → Output → Video Encoder: x264 or another H.264 encoder. ffmpeg: -c:v libx264. " +
			"Or install ffmpeg where the gateway runs: it is found on the PATH.",
	}
}

func audioUnplayable(why string) Warning {
	return Warning{
		Code:   "audio_unplayable",
		Title:  "The sound cannot be played",
		Detail: "Viewers see the picture without sound: " + why,
		Remedy: "OBS: Settings → Audio → Channels: Stereo, and Settings → Output → Audio Encoder: FFmpeg AAC. ffmpeg: -c:a aac -ac 2",
	}
}

func noAudio(after time.Duration) Warning {
	return Warning{
		Code:   "no_audio",
		Title:  "There is no sound",
		Detail: fmt.Sprintf("The publisher has been there for %.0f s and has sent no sound.", after.Seconds()),
		Remedy: "If it should have sound: OBS: see that a source moves in the Audio Mixer, and that Settings → Output → Streaming has an audio track ticked. " +
			"ffmpeg: -map 0:a -c:a aac",
	}
}

func noVideo(after time.Duration) Warning {
	return Warning{
		Code:   "no_video",
		Title:  "There is no picture",
		Detail: fmt.Sprintf("The publisher has been there for %.0f s and has sent no picture that can be played.", after.Seconds()),
		Remedy: "If it should have a picture: OBS: Settings → Output → Video Encoder: x264 or another H.264 encoder. ffmpeg: -map 0:v -c:v libx264",
	}
}

func publisherGone(s *bus.Snapshot, now time.Time) Warning {
	detail := "The publisher has left."
	var last time.Time
	for i := range s.Tracks {
		if s.Tracks[i].LastFrame.After(last) {
			last = s.Tracks[i].LastFrame
		}
	}
	if !last.IsZero() {
		detail = fmt.Sprintf("The publisher has sent nothing for %.0f s.", now.Sub(last).Seconds())
	}
	return Warning{
		Code:   "publisher_gone",
		Title:  "The publisher has gone",
		Detail: detail + " Viewers stay connected for some seconds and go on by themselves if it comes back.",
		Remedy: "Start the stream again in the encoder, with the same server and key.",
	}
}
