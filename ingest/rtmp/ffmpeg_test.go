package rtmp

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
)

// ffmpeg runs it on the clip against url and returns what it printed.
func ffmpeg(ctx context.Context, t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is needed for this test: apt-get install ffmpeg")
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append([]string{"-hide_banner", "-loglevel", "info"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

func TestFFmpegPublishes(t *testing.T) {
	h := start(t, setup{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		out, err := ffmpeg(ctx, t, "-re", "-i", "testdata/small-bframes-44k.flv", "-t", "4", "-c", "copy", "-f", "flv",
			"rtmp://"+h.addr+"/live/x?token=s3cret")
		if err != nil {
			t.Errorf("ffmpeg: %v\n%s", err, out)
		}
		done <- err
	}()
	snap := h.live("live/x")
	if snap.Publisher.Protocol != "rtmp" || !strings.HasPrefix(snap.Publisher.Remote, "127.0.0.1:") {
		t.Errorf("publisher is %+v", snap.Publisher)
	}
	viewer := h.watch("live/x")
	viewer.follow()
	frames := viewer.frames(150)
	last := map[av.TrackID]time.Duration{}
	for _, f := range frames {
		if before, ok := last[f.Track.ID]; ok && f.DTS <= before {
			t.Errorf("DTS %v after %v", f.DTS, before)
		}
		last[f.Track.ID] = f.DTS
		if time.Since(f.Arrived) > patience {
			t.Errorf("arrived at %v", f.Arrived)
		}
	}
	await(t, "the encoder's name", func() bool {
		s, _ := h.hub.Stream("live/x")
		return strings.HasPrefix(s.Publisher.Encoder, "Lavf")
	})
	if err := <-done; err != nil {
		return
	}
	await(t, "the closing line", func() bool { return h.log.Has("publisher closed") })
	if !h.log.Has("cause=unpublished") {
		t.Error("not closed by its own word")
	}
	if h.log.Has("s3cret") {
		t.Error("the log has the credential")
	}
	if got := h.srv.Stats(); got.Published != 1 || got.BadMessages != 0 || got.Bytes == 0 {
		t.Errorf("%+v", got)
	}
}

func TestFFmpegIsToldWhyNot(t *testing.T) {
	h := start(t, setup{})
	holder, err := h.hub.Publish("live/taken", infoOfTest)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	for _, tt := range []struct{ name, stream, want string }{
		{"taken", "live/taken", "is being published already"},
		{"bad name", "live/a+b", "cannot be a stream's name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := ffmpeg(ctx, t, "-i", "testdata/small-bframes-44k.flv", "-c", "copy", "-f", "flv", "rtmp://"+h.addr+"/"+tt.stream)
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestFFmpegMayNotPlay(t *testing.T) {
	h := start(t, setup{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := ffmpeg(ctx, t, "-i", "rtmp://"+h.addr+"/live/x", "-f", "null", "-")
	if err == nil || !strings.Contains(out, "open /watch/live/x") {
		t.Errorf("%v\n%s", err, out)
	}
	await(t, "it is counted", func() bool { return h.srv.Stats().Refused[reasonPlay] == 1 })
}
