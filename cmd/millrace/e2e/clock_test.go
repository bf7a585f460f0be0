package e2e

import (
	"os/exec"
	"testing"

	"millrace/api/diagnosis"
)

// TestClockJumpsOverRTSP: an ffmpeg whose timestamps jump by a minute in the middle (5 400 000 ticks) is
// warned of, and one whose timestamps do not is not.
func TestClockJumpsOverRTSP(t *testing.T) {
	t.Parallel()
	g := start(t)
	for name, filter := range map[string]string{"live/jumps": "setts=ts='if(gt(N,50),TS+5400000,TS)'", "live/steady": "null"} {
		f := &ffmpeg{t: t, exited: make(chan struct{})}
		f.cmd = exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", zeroLatency,
			"-map", "0:v", "-c", "copy", "-bsf:v", filter, "-f", "rtsp", "-rtsp_transport", "tcp", g.rtspURL(name))
		f.cmd.Stderr = &f.stderr
		if err := f.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			// How it ends does not matter: it is killed.
			_ = f.cmd.Wait()
			close(f.exited)
		}()
		t.Cleanup(f.kill)
	}
	clock := func(name string) diagnosis.Check { return g.diagnose(name)["clock"] }
	g.waitLive("live/jumps")
	g.waitLive("live/steady")
	if err := poll(t.Context(), 2*patience, func() bool { return clock("live/jumps").Code == "clock_jumps" }); err != nil {
		t.Errorf("not warned of: %+v\n%s", clock("live/jumps"), g.tail())
	}
	if c := clock("live/steady"); c.Verdict != diagnosis.OK {
		t.Errorf("%+v", c)
	}
}
