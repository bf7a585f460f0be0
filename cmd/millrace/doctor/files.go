package doctor

import (
	"context"
	"log/slog"

	"millrace/cmd/millrace/config"
	"millrace/ingest/pull"
	"millrace/transmux/derive/ffmpeg"
)

// What things need of file descriptors at the most. Viewers over WebRTC's UDP share
// one socket.
const (
	// fdsBase are the listeners, the log, epoll, what the runtime and the directory
	// have, and some for requests of the API.
	fdsBase = 256
	// fdsWaiting are connections that have not come to the point, each of RTMP, RTSP
	// and WebRTC over TCP: 256 are held of each.
	fdsWaiting = 3 * 256
	// fdsPublisher is a connection of RTMP, RTSP or ICE-TCP, and that of HTTP by
	// which a WHIP client came, which it keeps for a while.
	fdsPublisher = 2
	// fdsViewer is the same for those who watch.
	fdsViewer = 2
	// fdsSource is a connection and two sockets of UDP.
	fdsSource = 3
	// fdsProcess are the pipes of an ffmpeg, and what tells of its end.
	fdsProcess = 4
)

// fdBudget is how many file descriptors can be needed at once, with every limit
// reached and nobody on UDP.
func fdBudget(cfg *config.Config) int {
	sources := min(len(cfg.Sources), pull.MaxSources)
	processes := cfg.Derive.MaxProcesses
	if processes == 0 {
		processes = ffmpeg.DefaultMaxProcesses()
	}
	return fdsBase + fdsWaiting + fdsPublisher*cfg.Limits.Publishers + fdsViewer*cfg.Limits.Viewers +
		fdsSource*sources + fdsProcess*processes
}

// fdsFew is what a system allows that nobody has set up for serving: a warning,
// whatever the limits are.
const fdsFew = 4096

// CheckFiles says so where the system allows fewer file descriptors than may be
// needed. Go has raised the soft limit to the hard one by itself; nothing is made
// smaller for it, since most viewers come over UDP and need none. It is a warning
// where somebody has planned with other limits than the default ones, which are
// there to bound memory.
func CheckFiles(cfg *config.Config, log *slog.Logger) { checkFiles(cfg, log, fdLimit) }

func checkFiles(cfg *config.Config, log *slog.Logger, limit func() (soft uint64, ok bool)) {
	allowed, ok := limit()
	if !ok {
		return
	}
	level := slog.LevelInfo
	if cfg.Limits != config.Defaults().Limits || allowed < fdsFew {
		level = slog.LevelWarn
	}
	if need := fdBudget(cfg); uint64(need) > allowed {
		log.Log(context.Background(), level, "the system allows fewer file descriptors than the limits can need: raise them (LimitNOFILE= of systemd, --ulimit nofile= of Docker), or lower limits.viewers and limits.publishers",
			"allowed", allowed, "needed", need, "viewers", cfg.Limits.Viewers, "publishers", cfg.Limits.Publishers)
	}
}
