package ffmpeg

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"millrace/transmux/av"
)

// Target is what is made.
type Target string

// The targets: what every browser takes.
const (
	H264 Target = "H.264"
	Opus Target = "Opus"
)

const (
	opusEncoder = "libopus"
	opusBitrate = 128_000 // as the in-process way has it

	// Bounds of the bitrate where it is to be near the source's: below, faces are
	// blocks; above, viewers' lines are the limit.
	minBitrate = 400_000
	maxBitrate = 12_000_000
	// What B-frames saved costs a fifth more without them.
	bitrateFactor = 1.2
	// bitsPerPixel makes a bitrate of a picture's size where the source's is not known.
	bitsPerPixel = 0.1

	// maxThreads bounds an encoder: each thread is a slice of the picture, and slices
	// cost quality.
	maxThreads = 4
)

// Job is what a Session is to make.
type Job struct {
	Stream string // names it in logs
	Target Target
	Source *av.Track
	// From is where on the stream's timeline what is made begins: what is written
	// from before it only brings the decoder there.
	From time.Duration
	// FrameRate and Bitrate are the source's, zero if not known.
	FrameRate float64
	Bitrate   float64
}

// format is how a codec is called in NUT and which decoder is to read it.
type format struct{ tag, decoder string }

// formats are the codecs that can be written to ffmpeg. The tags of sound are
// WAVE's format numbers, which leave E-AC-3 to guesswork: hence the decoder.
var formats = map[av.Codec]format{
	av.H264: {"H264", "h264"},
	av.H265: {"HEVC", "hevc"},
	av.VP8:  {"VP80", "vp8"},
	av.VP9:  {"VP90", "vp9"},
	av.AV1:  {"AV01", ""}, // there are several; ffmpeg knows which of them works
	av.AAC:  {"\xff\x00\x00\x00", "aac"},
	av.MP3:  {"\x55\x00\x00\x00", "mp3float"},
	av.AC3:  {"\x00\x20\x00\x00", "ac3"},
	av.EAC3: {"\x00\x20\x00\x00", "eac3"},
	av.FLAC: {"\xac\xf1\x00\x00", "flac"},
	av.PCMU: {"\x07\x00\x00\x00", "pcm_mulaw"},
	av.PCMA: {"\x06\x00\x00\x00", "pcm_alaw"},
}

// Reads says whether a codec can be the source of a job.
func Reads(c av.Codec) bool {
	_, ok := formats[c]
	return ok
}

// arguments is the whole command line but for the program.
func arguments(cfg Config, a abilities, job Job) []string {
	args := []string{
		"-hide_banner", "-nostats", "-nostdin", "-loglevel", "error",
		// Nothing is to be found out that the headers do not say. The flag
		// "nobuffer" would throw away the frames that were looked at: the first keyframe.
		"-probesize", "32", "-analyzeduration", "0", "-protocol_whitelist", "pipe",
		"-copyts", "-threads", strconv.Itoa(threads()),
	}
	if job.Target == H264 {
		args = append(args, "-thread_type", "slice") // threads by frame hold frames back
		args = append(args, device(cfg.Encoder)...)
		if d := formats[job.Source.Codec].decoder; d != "" {
			args = append(args, "-c:v", d)
		}
	} else {
		args = append(args, "-c:a", formats[job.Source.Codec].decoder)
	}
	args = append(args, "-f", "nut", "-i", "pipe:0", "-map", "0:0")
	if job.Target == H264 {
		args = append(args, videoArguments(cfg, a, job)...)
	} else {
		args = append(args, "-af", "aresample=48000:async=200:min_hard_comp=0.05", "-ac", "2", "-c:a", opusEncoder,
			"-b:a", strconv.Itoa(opusBitrate), "-frame_duration", "20")
	}
	return append(args, "-flush_packets", "1", "-f", "nut", "pipe:1")
}

func videoArguments(cfg Config, a abilities, job Job) []string {
	rate := strconv.Itoa(bitrate(cfg, job))
	filter := fmt.Sprintf(`select=gte(t\,%.6f)`, job.From.Seconds())
	passthrough := []string{"-fps_mode", "passthrough"}
	if a.before(5, 1) {
		passthrough = []string{"-vsync", "passthrough"}
	}
	args := append(passthrough, "-enc_time_base", "-1", "-vf", filter+","+pixels(cfg.Encoder), "-c:v", cfg.Encoder)
	args = append(args, tuning(cfg)...)
	args = append(args, "-bf", "0", "-threads", strconv.Itoa(threads()), "-b:v", rate, "-maxrate", rate, "-bufsize", rate)
	if cfg.KeyframeInterval < 0 {
		return append(args, "-g", "100000", "-force_key_frames", "source")
	}
	return append(args, "-g", "100000", "-force_key_frames",
		fmt.Sprintf("expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+%.3f))", cfg.KeyframeInterval.Seconds()-0.001))
}

// bitrate is what is to be aimed at, in bits a second.
func bitrate(cfg Config, job Job) int {
	if cfg.Bitrate > 0 {
		return cfg.Bitrate
	}
	rate := job.Bitrate * bitrateFactor
	if rate == 0 {
		rate = float64(job.Source.Width*job.Source.Height) * max(job.FrameRate, 30) * bitsPerPixel
	}
	return int(min(max(rate, minBitrate), maxBitrate))
}

// tuning is what makes an encoder fast and keeps it from looking ahead.
func tuning(cfg Config) []string {
	preset := func(standard string) []string {
		if cfg.Preset != "" {
			standard = cfg.Preset
		}
		return []string{"-preset", standard}
	}
	switch cfg.Encoder {
	case "libx264":
		return append(preset("veryfast"), "-tune", "zerolatency", "-x264-params", "scenecut=0")
	case "h264_nvenc":
		return append(preset("p3"), "-tune", "ull", "-zerolatency", "1", "-delay", "0", "-forced-idr", "1", "-rc", "cbr")
	case "h264_qsv":
		return append(preset("veryfast"), "-async_depth", "1", "-look_ahead", "0", "-forced_idr", "1")
	default: // h264_vaapi, h264_v4l2m2m, h264_videotoolbox …
		if cfg.Preset != "" {
			return preset("")
		}
		return nil
	}
}

// pixels is the filter that gives an encoder what it takes.
func pixels(encoder string) string {
	if encoder == "h264_vaapi" {
		return "format=nv12,hwupload"
	}
	return "format=yuv420p"
}

func device(encoder string) []string {
	if encoder == "h264_vaapi" {
		return []string{"-vaapi_device", "/dev/dri/renderD128"}
	}
	return nil
}

func threads() int { return min(maxThreads, runtime.GOMAXPROCS(0)) }

// environment is ours without what is meant for the gateway: there may be
// credentials in it.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MILLRACE_") })
}
