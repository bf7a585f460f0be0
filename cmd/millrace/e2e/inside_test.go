package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// streamInfo is what the tests want of the API's stream.
type streamInfo struct {
	Name       string
	Live       bool
	Generation uint32
	Tracks     []struct {
		Kind, Codec, Playable, Note string
		Width, Height               int
		Frames, Keyframes           uint64
		BFrames                     uint64  `json:"b_frames"`
		BFrameShare                 float64 `json:"b_frame_share"`
		KeyframeInterval            float64 `json:"keyframe_interval"`
		DerivedFrom                 uint32  `json:"derived_from"`
	}
	Viewers  int
	Warnings []struct{ Code, Title, Detail, Remedy string }
}

// stream asks the API; false where it is a 404.
func (g *gateway) stream(name string) (streamInfo, bool) {
	g.t.Helper()
	resp, err := http.Get(g.url("/api/v1/streams/" + name))
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	var s streamInfo
	switch resp.StatusCode {
	case http.StatusNotFound:
		_, _ = io.Copy(io.Discard, resp.Body)
		return s, false
	case http.StatusOK:
	default:
		g.t.Fatalf("the API says %s", resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		g.t.Fatal(err)
	}
	return s, true
}

// waitLive waits until a stream can be joined at once: live, with a keyframe.
func (g *gateway) waitLive(name string) {
	g.t.Helper()
	err := poll(g.t.Context(), patience, func() bool {
		s, ok := g.stream(name)
		if !ok || !s.Live {
			return false
		}
		for _, t := range s.Tracks {
			if t.Kind == "video" && t.Keyframes > 0 {
				return true
			}
		}
		return false
	})
	if err != nil {
		g.t.Fatalf("%s is not live: %v", name, err)
	}
}

// metric reads one number of /metrics.
func (g *gateway) metric(name string) float64 {
	g.t.Helper()
	resp, err := http.Get(g.url("/metrics"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	value, found := 0.0, false
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if number, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err = strconv.ParseFloat(number, 64)
			found = err == nil
		}
	}
	if !found {
		g.t.Fatalf("/metrics has no %s", name)
	}
	return value
}

// resources is what the process holds.
type resources struct {
	goroutines, heap, rss int
}

func (r resources) String() string {
	return fmt.Sprintf("%d goroutines, heap %d KiB, RSS %d KiB", r.goroutines, r.heap>>10, r.rss>>10)
}

func (g *gateway) resources() resources {
	g.t.Helper()
	return resources{
		goroutines: int(g.metric("go_goroutines")),
		heap:       int(g.metric("go_memstats_heap_alloc_bytes")),
		rss:        g.rss(),
	}
}

// settled is the process's resources once its goroutines have come down to at
// most so many and the collector has been round.
func (g *gateway) settled(goroutines int) resources {
	g.t.Helper()
	err := poll(g.t.Context(), patience, func() bool { return int(g.metric("go_goroutines")) <= goroutines })
	if err != nil {
		g.t.Errorf("%d goroutines are still there; wanted at most %d", int(g.metric("go_goroutines")), goroutines)
	}
	return g.collected()
}

// rounds of the collector until nothing is left in the process's pools either,
// which keep things over one.
const rounds = 4

// collected is the least heap seen over some rounds of the collector. A quiet
// gateway hardly allocates; answering /metrics does, and so brings them about.
func (g *gateway) collected() resources {
	g.t.Helper()
	least := g.resources()
	last := g.metric("go_gc_duration_seconds_count") + rounds
	err := poll(g.t.Context(), 2*patience, func() bool {
		for range 20 {
			r := g.resources()
			least.heap = min(least.heap, r.heap)
			least.goroutines = min(least.goroutines, r.goroutines)
			least.rss = r.rss
		}
		return g.metric("go_gc_duration_seconds_count") >= last
	})
	if err != nil {
		g.t.Errorf("the collector does not come round")
	}
	return least
}

// rss is the process's resident memory in bytes.
func (g *gateway) rss() int {
	g.t.Helper()
	fields := strings.Fields(g.proc("statm"))
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		g.t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// cpu is the processor time the process has used, by proc(5) in ticks of 10 ms.
func (g *gateway) cpu() time.Duration {
	g.t.Helper()
	stat := g.proc("stat")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		g.t.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		g.t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (g *gateway) proc(file string) string {
	g.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", g.cmd.Process.Pid, file))
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func contains(t *testing.T, warnings []struct{ Code, Title, Detail, Remedy string }, code string) {
	t.Helper()
	for _, w := range warnings {
		if w.Code == code {
			if w.Title == "" || w.Detail == "" || w.Remedy == "" {
				t.Errorf("warning %s without words: %+v", code, w)
			}
			return
		}
	}
	t.Errorf("no warning %s among %+v", code, warnings)
}
