package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"millrace/transmux/bus"
)

// audioCodec is about who can be given the sound.
func audioCodec(t *bus.TrackSnapshot, j Judgement) Check {
	what := strings.TrimSpace(t.Track.Codec.String())
	if p := t.Track.Profile; p != "" {
		what = p // "HE-AAC" says it all
	}
	c := Check{ID: "audio_codec", Area: Stream, Verdict: OK, Title: "Browsers can play the sound"}
	switch j.Way {
	case "no":
		c.Verdict, c.Code, c.Title = Bad, "audio_unplayable", "The sound cannot be played"
		c.Why = "Viewers see the picture without sound: " + j.Why
		c.Remedy = "OBS: Settings → Audio → Channels: Stereo, and Settings → Output → Audio Encoder: FFmpeg AAC. ffmpeg: -c:a aac -ac 2. " +
			"Camera: AAC-LC or G.711. Or install ffmpeg where the gateway runs: it turns all of them into Opus"
	case "derive":
		c.Title, c.Why = "The sound is turned into what browsers play", j.Why+"."
	}
	c.Seen = sentences(fmt.Sprintf("%s, %g kHz, %s.", what, float64(t.Track.SampleRate)/1000, channels(t.Track.Channels)), players(j))
	return c
}

func channels(n int) string {
	switch n {
	case 1:
		return "mono"
	case 2:
		return "stereo"
	default:
		return fmt.Sprintf("%d channels", n)
	}
}

func noAudio(after time.Duration) Check {
	return Check{
		ID: "audio_codec", Code: "no_audio", Area: Stream, Verdict: Warning, Title: "There is no sound",
		Seen: fmt.Sprintf("The publisher has been there for %.0f s and has sent no sound.", after.Seconds()),
		Remedy: "If it should have sound: OBS: see that a source moves in the Audio Mixer, and that Settings → Output → Streaming has an audio track ticked. " +
			"ffmpeg: -map 0:a -c:a aac. Camera: switch the microphone on",
	}
}
