package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "millrace/"

// room says what a room may import of ours. The longest prefix that matches a
// package is its rule. A room's own subfolders need no mention, unless apart.
type room struct {
	prefix string
	may    []string
	apart  bool // its subfolders are siblings that must not know each other
	reason string
}

var rooms = []room{
	{"cmd/millrace", []string{"api", "cluster", "docs", "ingest", "playout", "transmux", "web"}, false, "it wires everything"},
	{"cmd/millrace/config", []string{"api", "cluster", "docs", "ingest", "playout", "transmux"}, false, "it knows what rooms call things, their bounds and defaults; who starts them is its caller's business"},
	{"cmd/millrace/doctor", []string{"cmd/millrace/config", "api/diagnosis", "ingest/pull", "transmux/derive/ffmpeg", "transmux/rtc/port"}, false, "it looks at the machine from outside, not at rooms at work"},
	{"cmd/millrace/drain", []string{"api", "transmux/bus"}, false, "people go, however they are here and wherever to"},
	{"cmd/millrace/reload", []string{"cmd/millrace/config", "api", "transmux/journal", "transmux/problem"}, false, "what takes new settings is added to it"},

	{"api", []string{"transmux/access", "transmux/origin", "transmux/spelling", "transmux/bus", "transmux/journal", "transmux/ledger", "transmux/av", "transmux/problem", "web"}, false, "it tells snapshots; how streams come and go is not its business"},
	{"docs", nil, false, "text"},
	{"web", nil, false, "pages speak HTTP with the gateway, like anybody else"},

	{"ingest", []string{"transmux"}, true, "a protocol knows the gate and the bus, never another protocol nor who watches"},
	{"playout", []string{"transmux"}, true, "a protocol knows the gate and the bus, never another protocol nor who publishes"},
	{"cluster", []string{"transmux"}, false, "a link is one more publisher and one more subscriber"},

	{"transmux/av", nil, false, "nouns only"},
	{"transmux/access", []string{"transmux/household", "transmux/problem"}, false, "who may is decided by names and credentials, whoever asks"},
	{"transmux/problem", nil, false, "it writes an answer and must not know what about"},
	{"transmux/codecs", []string{"transmux/av"}, false, "a codec knows its bytes"},
	{"transmux/flv", []string{"transmux/codecs", "transmux/av"}, false, "a container knows codecs, not who carries it"},
	{"transmux/rtpio", []string{"transmux/codecs", "transmux/av"}, false, "RTP knows codecs, not who sends it"},
	{"transmux/household", nil, false, "it must not know what is counted"},
	{"transmux/crowd", nil, false, "it counts, and must not know whom"},
	{"transmux/leap", nil, false, "it must not know whose timestamps these are"},
	{"transmux/waiting", nil, false, "it bounds who waits, and must not know for what"},
	{"transmux/journal", nil, false, "it must not know who listens"},
	{"transmux/spelling", nil, false, "it compares words, and must not know what they are for"},
	{"transmux/trace", nil, false, "it tells of work, and must not know what"},
	{"transmux/ledger", []string{"transmux/journal"}, false, "sessions are entered, whatever their protocol"},
	{"transmux/certs", nil, false, "certificates are for listeners, whatever is served over them"},
	{"transmux/origin", nil, false, "it says which sites may, and must not know what"},
	{"transmux/rtsp", []string{"transmux/access", "transmux/waiting"}, false, "RTSP without streams: who publishes and who watches what is the rooms' above"},
	{"transmux/bus", []string{"transmux/av"}, false, "the bus knows no protocol and no codec"},
	{"transmux/derive", []string{"transmux/bus", "transmux/codecs", "transmux/av"}, false, "it reads tracks and writes tracks"},
	{"transmux/rtc", []string{"transmux/household", "transmux/leap", "transmux/origin", "transmux/rtpio", "transmux/codecs", "transmux/av", "transmux/problem"}, false, "WebRTC without streams: who watches what is playout's"},
	{"transmux/avtest", []string{"transmux"}, false, "helpers of tests"},
}

// guest says in which rooms a third-party module may be known.
type guest struct {
	module string
	in     []string
	reason string
}

var guests = []guest{
	{"github.com/yutopp/", []string{"ingest/rtmp"}, "RTMP's types stay behind its filter"},
	{"github.com/bluenviron/gortsplib/", []string{"transmux/rtsp"}, "one port publishes and plays: RTSP's types stay below both"},
	{"github.com/bluenviron/mediacommon/", []string{"transmux/codecs"}, "one place knows how codecs are parsed"},
	{"github.com/pion/", []string{"transmux/rtc", "transmux/rtpio", "transmux/codecs", "transmux/rtsp", "ingest/whip", "ingest/rtsp", "playout/whep", "playout/rtsp"}, "a new line of pion must be one room's change"},
	{"github.com/tphakala/", []string{"transmux/derive"}, "so that the noaac build tag is enough to leave it out"},
	{"github.com/thesyncim/", []string{"transmux/derive"}, "coding sound is derive's"},
	{"github.com/oapi-codegen/", []string{"api"}, "what is generated of openapi.yaml is the API's"},
	{"github.com/prometheus/", []string{"api"}, "rooms observe through an interface of one method"},
	{"go.opentelemetry.io/", []string{"transmux/trace"}, "rooms know spans of our own, which are nothing where nothing is traced"},
	{"github.com/alecthomas/", []string{"cmd/millrace"}, "the command line is main's"},
	{"github.com/goccy/", []string{"cmd/millrace/config", "api/apitest"}, "rooms get ready values, not files"},
	{"github.com/nats-io/", []string{"cluster"}, "the directory is the cluster's"},
	{"github.com/quic-go/", []string{"cluster"}, "links between nodes are the cluster's"},
	{"github.com/caddyserver/", []string{"transmux/certs"}, "one place gets certificates"},
	{"go.uber.org/zap", []string{"transmux/certs"}, "that library's log ends there"},
	{"github.com/golang-jwt/", []string{"transmux/access"}, "one place believes tokens"},
	{"github.com/MicahParks/", []string{"transmux/access"}, "like the tokens that its keys are for"},
	{"github.com/stretchr/", nil, "tests compare with go-cmp"},
}

// within reports whether the package is the folder or lies below it.
func within(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, strings.TrimSuffix(folder, "/")+"/")
}

func roomOf(pkg string) (best room, found bool) {
	for _, r := range rooms {
		if within(pkg, r.prefix) && len(r.prefix) >= len(best.prefix) {
			best, found = r, true
		}
	}
	return best, found
}

// allowed says whether a package of this room may import another of ours.
func (r room) allowed(pkg, imported string) bool {
	if within(imported, r.prefix) {
		return !r.apart || imported == r.prefix || within(imported, pkg) || within(pkg, imported)
	}
	for _, folder := range r.may {
		if within(imported, folder) {
			return true
		}
	}
	return false
}

// TestWhoImportsWhom keeps the house in order. A new folder needs a rule.
func TestWhoImportsWhom(t *testing.T) {
	for pkg, imports := range packages(t) {
		rule, found := roomOf(pkg)
		if !found {
			t.Errorf("%s has no rule: say in rooms what it may know", pkg)
			continue
		}
		for _, imported := range imports {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				if !rule.allowed(pkg, ours) {
					t.Errorf("%s imports %s: not from %s, because %s", pkg, ours, rule.prefix, rule.reason)
				}
				continue
			}
			for _, g := range guests {
				if within(imported, g.module) && !anyWithin(pkg, g.in) {
					t.Errorf("%s imports %s: %s", pkg, imported, g.reason)
				}
			}
		}
	}
}

func anyWithin(pkg string, folders []string) bool {
	for _, f := range folders {
		if within(pkg, f) {
			return true
		}
	}
	return false
}

// packages are our packages without the module's name, and what each imports
// outside its tests.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", module+"...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p.Imports
	}
	if len(all) < 5 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

func TestTheRulesThemselves(t *testing.T) {
	for _, tc := range []struct {
		pkg, imported string
		ok            bool
	}{
		{"ingest/rtmp", "ingest", true},
		{"ingest/rtmp", "ingest/rtmp/chunk", true},
		{"ingest/rtmp/chunk", "ingest/rtmp", true},
		{"ingest/rtmp", "ingest/rtsp", false},
		{"ingest/rtmp", "playout", false},
		{"ingest/rtmp", "api", false},
		{"playout/whep", "transmux/rtc/port", true},
		{"transmux/bus", "transmux/codecs", false},
		{"transmux/bus", "transmux/av", true},
		{"transmux/rtc/sender", "transmux/rtc/port", true},
		{"transmux/rtc/sender", "transmux/bus", false},
		{"transmux/avtest", "transmux/bus", true},
		{"api", "ingest", false},
		{"cmd/millrace", "playout/whep", true},
		{"cmd/millrace", "cmd/millrace/reload", true},
		{"cmd/millrace/doctor", "cmd/millrace/config", true},
		{"cmd/millrace/config", "cmd/millrace/reload", false},
		{"cmd/millrace/reload", "transmux/bus", false},
	} {
		rule, found := roomOf(tc.pkg)
		if !found || rule.allowed(tc.pkg, tc.imported) != tc.ok {
			t.Errorf("%s importing %s: allowed must be %v", tc.pkg, tc.imported, tc.ok)
		}
	}
}

// wall is where a file has stopped being about one thing.
const wall = 400

// TestFilesAreShort counts the lines of what people write: Go and TypeScript, but
// no tests and nothing generated.
func TestFilesAreShort(t *testing.T) {
	root := filepath.Join("..", "..")
	skip := map[string]bool{"node_modules": true, "dist": true, ".git": true, ".cache": true, "testdata": true}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skip[d.Name()] {
				return filepath.SkipDir
			}
			return nil
		}
		name := d.Name()
		written := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") ||
			strings.HasSuffix(name, ".ts") && !strings.HasSuffix(name, ".test.ts") && !strings.HasSuffix(name, ".d.ts")
		if !written || strings.HasSuffix(name, ".gen.go") {
			return nil
		}
		lines, err := countLines(path)
		if err == nil && lines > wall {
			t.Errorf("%s has %d lines, more than %d: what are the two things in it?", path, lines, wall)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func countLines(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20) // the longest line there may be
	for lines.Scan() {
		n++
	}
	return n, lines.Err()
}
