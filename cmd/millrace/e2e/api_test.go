package e2e

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"millrace/api/apitest"
	"millrace/transmux/rtc/peer"
)

// described is a client that is generated of the gateway's own description, and
// holds every answer against it.
func (g *gateway) described() (*apitest.ClientWithResponses, *apitest.Checked) {
	g.t.Helper()
	resp, spec := g.request("GET", g.url("/api/v1/openapi.yaml"), "", "")
	contract, err := apitest.Parse(spec)
	if err != nil || resp.StatusCode != http.StatusOK {
		g.t.Fatalf("%d: %v", resp.StatusCode, err)
	}
	checked := &apitest.Checked{T: g.t, Contract: contract}
	client, err := apitest.NewClientWithResponses(g.url("/api/v1"), apitest.WithHTTPClient(checked))
	if err != nil {
		g.t.Fatal(err)
	}
	return client, checked
}

// plays is ffmpeg playing a stream in real time until the test ends.
func (g *gateway) plays(input ...string) *ffmpeg {
	g.t.Helper()
	f := &ffmpeg{t: g.t, exited: make(chan struct{})}
	args := append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, input...)
	f.cmd = exec.Command("ffmpeg", append(args, "-c", "copy", "-f", "null", "-")...)
	f.cmd.Stderr = &f.stderr
	if err := f.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	go func() {
		// How it ends does not matter.
		_ = f.cmd.Wait()
		close(f.exited)
	}()
	g.t.Cleanup(f.kill)
	return f
}

// everybody publishes and watches over every protocol.
type everybody struct {
	gone map[string]<-chan struct{} // by role, protocol and stream: its peer has noticed the end
}

// come has them come. Of those who publish nobody watches but live/rtmp, so that
// who is ended takes nobody else along, but for that one at the end.
func (g *gateway) come() *everybody {
	g.t.Helper()
	all := &everybody{gone: map[string]<-chan struct{}{}}
	all.gone["publisher rtmp live/rtmp"] = g.publish(toneClip, "live/rtmp").exited
	all.gone["publisher rtsp live/rtsp"] = g.publishRTSP("live/rtsp", "udp", strings.Fields(rtspH264+" "+rtspAAC)...).exited
	e := &exam{T: g.t, protocol: &protocol{name: "WHIP", path: "/whip/"}, g: g}
	browser := e.publishes("live/whip", rendition{clip: zeroLatency})
	left := make(chan struct{})
	browser.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateDisconnected {
			select {
			case <-left:
			default:
				close(left)
			}
		}
	})
	all.gone["publisher whip live/whip"] = left
	g.waitLive("live/rtmp")
	g.tracksOf("live/rtmp", 2)
	v, err := peer.Watch(withDeadline(g.t, patience), g.whep("live/rtmp"), g.options())
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = v.Close() }) // it is over by then
	all.gone["viewer whep live/rtmp"] = v.Done()
	all.gone["viewer rtsp live/rtmp"] = g.plays("-rtsp_transport", "tcp", "-i", g.rtspURL("live/rtmp")).exited
	all.gone["viewer rtmp live/rtmp"] = g.plays("-i", g.rtmpURL("live/rtmp")).exited
	return all
}

// sessions waits until everybody is there and has been counted.
func (all *everybody) sessions(t *testing.T, c *apitest.ClientWithResponses) map[string]apitest.Session {
	t.Helper()
	var found map[string]apitest.Session
	var last []byte
	err := poll(t.Context(), patience, func() bool {
		answer, err := c.ListSessionsWithResponse(t.Context(), nil)
		if err != nil || answer.JSON200 == nil {
			t.Fatalf("%+v, %v", answer, err)
		}
		found, last = map[string]apitest.Session{}, answer.Body
		counted := true
		for _, s := range answer.JSON200.Sessions {
			found[string(s.Role)+" "+s.Protocol+" "+s.Stream] = s
			counted = counted && !s.Connecting && s.Bytes > 0 && s.Video != ""
		}
		return len(found) == len(all.gone) && counted
	})
	if err != nil {
		t.Fatalf("not everybody is there: %s", last)
	}
	return found
}

// TestSessionsOfEveryProtocol: ffmpeg, a browser's stand-in and players are seen
// with what they send and get, and each notices when it is ended.
func TestSessionsOfEveryProtocol(t *testing.T) {
	t.Parallel()
	g := start(t)
	c, _ := g.described()
	all := g.come()
	sessions := all.sessions(t, c)
	for name, want := range map[string]struct{ video, audio, transport, agent string }{
		"publisher rtmp live/rtmp": {"H264", "AAC", "tcp", "Lavf"},
		"publisher rtsp live/rtsp": {"H264", "AAC", "udp", "Lavf"},
		"publisher whip live/whip": {"H264", "", "udp", "Go-http-client"},
		"viewer whep live/rtmp":    {"H264", "opus", "udp", "Go-http-client"},
		"viewer rtsp live/rtmp":    {"H264", "AAC", "tcp", "Lavf"},
		"viewer rtmp live/rtmp":    {"H264", "AAC", "tcp", "LNX"},
	} {
		s, ok := sessions[name]
		if !ok {
			t.Errorf("%s is not there", name)
			continue
		}
		if s.Video != want.video || s.Transport != want.transport || !strings.Contains(s.Agent, want.agent) || s.Packets == 0 || s.Remote == "" || s.Bitrate == 0 {
			t.Errorf("%s: %+v", name, s)
		}
		if s.Audio != want.audio && !(s.Protocol == "whep" && s.Audio == "") { // which is being made
			t.Errorf("%s has the sound %q", name, s.Audio)
		}
	}
	follower := g.events(t)
	names := make([]string, 0, len(all.gone))
	for name := range all.gone {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Reverse(names) // viewers first
	for _, name := range names {
		answer, err := c.EndSessionWithResponse(t.Context(), sessions[name].ID)
		if err != nil || answer.StatusCode() != http.StatusNoContent {
			t.Errorf("%s: %+v, %v", name, answer, err)
			continue
		}
		select {
		case <-all.gone[name]:
		case <-time.After(patience):
			t.Errorf("%s has not noticed its end", name)
		}
	}
	err := poll(t.Context(), patience, func() bool {
		answer, err := c.ListSessionsWithResponse(t.Context(), nil)
		return err == nil && answer.JSON200 != nil && answer.JSON200.Total == 0
	})
	if err != nil {
		t.Errorf("somebody is left\n%s", g.tail())
	}
	follower("viewers.last", "live/rtmp", `"protocol":"rtmp"`, "ended by the administrator")
	follower("publisher.stopped", "live/rtmp", "ended by the administrator")
}

// TestTheLastViewerSaysWhy: of every protocol, with viewers that leave by themselves.
func TestTheLastViewerSaysWhy(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publish(zeroLatency, "live/a")
	g.waitLive("live/a")
	follower := g.events(t)
	v, err := peer.Watch(withDeadline(t, patience), g.whep("live/a"), g.options())
	if err != nil {
		t.Fatal(err)
	}
	follower("viewers.first", `"protocol":"whep"`)
	_ = v.Close() // it is over
	follower("viewers.last", `"protocol":"whep"`, `"cause":"the peer left"`)
	for protocol, tc := range map[string]struct {
		input []string
		cause string
	}{
		"rtsp": {[]string{"-rtsp_transport", "tcp", "-i", g.rtspURL("live/a")}, `"cause":"the `}, // connection broke, or was closed
		"rtmp": {[]string{"-i", g.rtmpURL("live/a")}, `"cause":"the `},
	} {
		f := g.plays(tc.input...)
		follower("viewers.first", `"protocol":"`+protocol+`"`)
		f.kill()
		follower("viewers.last", `"protocol":"`+protocol+`"`, tc.cause, "connection")
	}
}

// events follows the gateway's events; the function waits for one.
func (g *gateway) events(t *testing.T) func(words ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", g.url("/api/v1/events"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for text := bufio.NewScanner(resp.Body); text.Scan(); {
			lines <- text.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
		for range lines { // until it has ended
		}
	})
	return func(words ...string) {
		t.Helper()
		var seen []string
		late := time.After(patience)
		for {
			select {
			case line, ok := <-lines:
				seen = append(seen, line)
				if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
					return
				}
				if ok {
					continue
				}
			case <-late:
			}
			t.Errorf("%v has not happened, but %s", words, strings.Join(seen, "\n"))
			return
		}
	}
}

// TestEveryOperationForReal: the generated client does everything that is described
// with a gateway that works.
func TestEveryOperationForReal(t *testing.T) {
	t.Parallel()
	g := node(t, "a", "127.0.0.1", nil, "MILLRACE_SOURCES={live/cam: {url: 'rtsp://127.0.0.1:1/x', on_demand: true}}")
	c, checked := g.described()
	source := g.publish(toneClip, "live/a")
	g.tracksOf("live/a", 2)
	r := g.watch(withDeadline(t, patience), "live/a")
	if err := r.WaitKeyframe(withDeadline(t, patience)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	ok := func(what string, good bool, answer any, err error) {
		t.Helper()
		if err != nil || !good {
			t.Errorf("%s: %+v, %v", what, answer, err)
		}
	}
	streams, err := c.ListStreamsWithResponse(ctx, &apitest.ListStreamsParams{Prefix: new("live/")})
	ok("streams", err == nil && streams.JSON200 != nil && streams.JSON200.Total == 1, streams, err)
	stream, err := c.GetStreamWithResponse(ctx, "live/a")
	ok("stream", err == nil && stream.JSON200 != nil && stream.JSON200.Live, stream, err)
	pictures, err := c.GetStreamPicturesWithResponse(ctx, "live/a")
	ok("gop", err == nil && pictures.JSON200 != nil && len(pictures.JSON200.Frames) > 0, pictures, err)
	diagnosis, err := c.GetStreamDiagnosisWithResponse(ctx, "live/a")
	ok("diagnosis", err == nil && diagnosis.JSON200 != nil && len(diagnosis.JSON200.Checks) > 3, diagnosis, err)
	err = poll(ctx, patience, func() bool {
		derived, err := c.ListDerivedWithResponse(ctx, nil)
		return err == nil && derived.JSON200 != nil && slices.ContainsFunc(derived.JSON200.Derived, func(d apitest.Derived) bool { return d.From == "AAC" && d.To == "opus" })
	})
	ok("derived", err == nil, nil, err)
	sources, err := c.ListSourcesWithResponse(ctx, nil)
	ok("sources", err == nil && sources.JSON200 != nil && sources.JSON200.Total == 1, sources, err)
	cam, err := c.GetSourceWithResponse(ctx, "live/cam")
	ok("source", err == nil && cam.JSON200 != nil && cam.JSON200.State == "idle", cam, err)
	sessions, err := c.ListSessionsWithResponse(ctx, &apitest.ListSessionsParams{Role: new(apitest.Role("viewer"))})
	ok("sessions", err == nil && sessions.JSON200 != nil && len(sessions.JSON200.Sessions) == 1, sessions, err)
	if sessions.JSON200 != nil && len(sessions.JSON200.Sessions) == 1 {
		session, err := c.GetSessionWithResponse(ctx, sessions.JSON200.Sessions[0].ID)
		ok("session", err == nil && session.JSON200 != nil && session.JSON200.Protocol == "whep", session, err)
	}
	events, err := c.ListEventsWithResponse(ctx, &apitest.ListEventsParams{Stream: new("live/a"), Kind: new([]string{"publisher.started", "viewers.first"})})
	ok("events", err == nil && events.JSON200 != nil && len(events.JSON200.Events) == 2, events, err)
	hooks, err := c.ListHooksWithResponse(ctx, nil)
	ok("hooks", err == nil && hooks.JSON200 != nil, hooks, err)
	err = poll(ctx, patience, func() bool {
		o, err := c.GetOverviewWithResponse(ctx)
		return err == nil && o.JSON200 != nil && o.JSON200.Publishers == 1 && o.JSON200.Viewers == 1 && o.JSON200.BitrateIn > 0 &&
			o.JSON200.BitrateOut > 0 && o.JSON200.CPU > 0 && o.JSON200.Latency.P50 > 0 && o.JSON200.Latency.P99 >= o.JSON200.Latency.P50
	})
	ok("overview", err == nil, nil, err)
	err = poll(ctx, patience, func() bool {
		h, err := c.GetOverviewHistoryWithResponse(ctx)
		if err != nil || h.JSON200 == nil || len(h.JSON200.Samples) < 2 {
			return false
		}
		last := h.JSON200.Samples[len(h.JSON200.Samples)-1]
		return last.Publishers == 1 && last.Viewers == 1 && last.BitrateOut > 0
	})
	ok("overview history", err == nil, nil, err)
	server, err := c.GetServerWithResponse(ctx)
	ok("server", err == nil && server.JSON200 != nil && server.JSON200.HTTPPort != 0, server, err)
	cluster, err := c.GetClusterWithResponse(ctx)
	ok("cluster", err == nil && cluster.JSON200 != nil && len(cluster.JSON200.Nodes) == 1, cluster, err)
	err = poll(ctx, patience, func() bool { // the directory takes a moment to know
		tree, err := c.GetStreamTreeWithResponse(ctx, "live/a")
		return err == nil && tree.JSON200 != nil && len(tree.JSON200.Nodes) == 1
	})
	ok("tree", err == nil, nil, err)
	config, err := c.GetConfigWithResponse(ctx, nil)
	ok("config", err == nil && config.JSON200 != nil && config.JSON200.Total > 50, config, err)
	replaced, err := c.ReplaceConfigWithBodyWithResponse(ctx, nil, "application/yaml", strings.NewReader("log: {level: debug}\n"))
	ok("replace", err == nil && replaced.JSON200 != nil, replaced, err)
	if sessions.JSON200 != nil && len(sessions.JSON200.Sessions) == 1 {
		end, err := c.EndSessionWithResponse(ctx, sessions.JSON200.Sessions[0].ID)
		ok("end", err == nil && end.StatusCode() == http.StatusNoContent, end, err)
	}
	drain, err := c.GetDrainWithResponse(ctx)
	ok("drain", err == nil && drain.JSON200 != nil && !drain.JSON200.Draining, drain, err)
	begun, err := c.StartDrainWithResponse(ctx, &apitest.StartDrainParams{Grace: new("10m")})
	ok("draining", err == nil && begun.JSON202 != nil && begun.JSON202.Draining, begun, err)
	if missing := checked.Missing(); len(missing) > 0 {
		t.Errorf("never answered well: %v", missing)
	}
	page, err := http.Get(g.url("/api/v1/"))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if text, _ := io.ReadAll(page.Body); page.StatusCode != http.StatusOK || !strings.Contains(string(text), "listSessions") {
		t.Errorf("the page: %d", page.StatusCode)
	}
	source.kill()
	select { // the drain's end: nobody is left
	case <-g.exited:
		g.stopped = true
	case <-time.After(patience):
		t.Error("it still drains")
	}
}
