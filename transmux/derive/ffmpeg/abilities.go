package ffmpeg

import (
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// lookTimeout bounds the first look at the program: it answers in 0.1 s, and a
// machine that swaps takes longer.
const lookTimeout = 10 * time.Second

// abilities are what the program that was found can do.
type abilities struct {
	path    string
	version string
	major   int // 0 if its version is no number, as of one built from the repository
	minor   int
	missing string            // why there is none
	lacks   map[Target]string // why one cannot be made
}

// look runs the program once.
func look(ctx context.Context, cfg Config) abilities {
	if cfg.Path == Off {
		return abilities{missing: "ffmpeg.path is off"}
	}
	path, err := find(cfg.Path)
	if err != nil {
		if cfg.Path != "" {
			return abilities{missing: "ffmpeg.path is no program: " + err.Error()}
		}
		return abilities{missing: "ffmpeg is not installed on the gateway"}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-encoders")
	cmd.Env = environment()
	var out, banner bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &banner
	if err := cmd.Run(); err != nil {
		return abilities{missing: "ffmpeg does not run: " + err.Error()}
	}
	a := abilities{path: path, lacks: make(map[Target]string)}
	a.readVersion(append(banner.Bytes(), out.Bytes()...))
	for target, name := range map[Target]string{H264: cfg.Encoder, Opus: opusEncoder} {
		if !has(out.Bytes(), name) {
			a.lacks[target] = "the ffmpeg on the gateway has no encoder " + name
		}
	}
	return a
}

// versionLine is the first of the banner's: "ffmpeg version 5.1.9-0+deb12u1 Copyright…".
var versionLine = regexp.MustCompile(`ffmpeg version (n?(\d+)\.(\d+)\S*|\S+)`)

func (a *abilities) readVersion(banner []byte) {
	m := versionLine.FindSubmatch(banner)
	if m == nil {
		return
	}
	a.version = string(m[1])
	a.major, _ = strconv.Atoi(string(m[2])) // zero if it is no number
	a.minor, _ = strconv.Atoi(string(m[3]))
}

// before is true of a version known to be older.
func (a *abilities) before(major, minor int) bool {
	return a.major > 0 && (a.major < major || a.major == major && a.minor < minor)
}

// has looks for an encoder in ffmpeg's list, whose lines are " V....D libx264  …".
func has(list []byte, encoder string) bool {
	for line := range bytes.Lines(list) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[1]) == encoder {
			return true
		}
	}
	return false
}
