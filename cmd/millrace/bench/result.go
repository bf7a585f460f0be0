package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Result is what a measurement found. Times are in milliseconds unless their name
// says otherwise.
type Result struct {
	What    string    `json:"what"`
	When    time.Time `json:"when"`
	Machine Machine   `json:"machine"`
	Clip    *clip     `json:"clip,omitempty"`
	Viewers int       `json:"viewers"`
	Streams int       `json:"streams,omitempty"`
	Seconds float64   `json:"seconds"`
	Plain   bool      `json:"plain_sockets"`
	Eager   bool      `json:"eager_viewers"`

	Floor    *Floor    `json:"floor,omitempty"`
	Server   *Server   `json:"server,omitempty"`
	Delivery *Delivery `json:"delivery,omitempty"`
	Join     *Join     `json:"join,omitempty"`
	// Added is from the time in a picture's mark, taken as it is handed to the
	// RTMP connection, to its last packet at a viewer's socket by the kernel's
	// clock; Read is until an eager viewer has taken that out, which on a busy
	// machine has the tool's own delay in it.
	Added *Distribution `json:"added_latency_ms,omitempty"`
	Read  *Distribution `json:"added_latency_read_ms,omitempty"`
	// Quiet is Added in the time before the joins, where there were joins.
	Quiet *Distribution `json:"added_latency_before_ms,omitempty"`
	Tool  *Tool         `json:"tool,omitempty"`
	// Notes are reasons to doubt.
	Notes []string `json:"notes,omitempty"`
}

// Machine is where it was measured.
type Machine struct {
	Version    string `json:"millrace"`
	Go         string `json:"go"`
	Kernel     string `json:"kernel"`
	Processors int    `json:"processors"`
}

// Server is what the server spent in the time measured.
type Server struct {
	CPUPerPacket float64 `json:"cpu_us_per_packet,omitempty"`
	Cores        float64 `json:"cores"`
	// OverFloor is CPUPerPacket by Floor.Segmented, OverFloorWithAudio by Floor.WithAudio.
	OverFloor          float64 `json:"over_floor,omitempty"`
	OverFloorWithAudio float64 `json:"over_floor_with_audio,omitempty"`
	// BytesPerViewer is the growth of resident memory from one viewer to all.
	BytesPerViewer float64 `json:"bytes_per_viewer,omitempty"`
	ResidentOne    int64   `json:"resident_bytes_at_one_viewer,omitempty"`
	Resident       int64   `json:"resident_bytes"`
	GoroutinesOne  float64 `json:"goroutines_at_one_viewer,omitempty"`
	Goroutines     float64 `json:"goroutines,omitempty"`
	// PacketsPerCall is how many packets a system call sends.
	PacketsPerCall float64 `json:"packets_per_system_call,omitempty"`
	Unsent         float64 `json:"sends_without_room,omitempty"`
}

// Delivery is what the viewers got in the time measured.
type Delivery struct {
	Packets       uint64  `json:"packets"`
	PacketRate    float64 `json:"packets_per_second"`
	ViewerBitrate float64 `json:"bits_per_second_and_viewer"`
	Pictures      uint64  `json:"pictures"`
	trouble
	Ended map[string]int `json:"ended,omitempty"`
}

// Join is how viewers came in, in milliseconds from their POST.
type Join struct {
	Connected Distribution   `json:"connected_ms"`
	Keyframe  Distribution   `json:"first_keyframe_ms"`
	Failed    map[string]int `json:"failed,omitempty"`
	Rate      float64        `json:"joins_per_second"`
	CPU       float64        `json:"server_cpu_ms_per_join,omitempty"`
}

// Tool is what the load tool itself spent.
type Tool struct {
	CPUPerPacket float64 `json:"cpu_us_per_packet"`
	Cores        float64 `json:"cores"`
	Processes    int     `json:"processes"`
	OtherCores   float64 `json:"other_processes_cores"`
}

func (b *Bench) newResult(what string) *Result {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // elsewhere it stays empty
	return &Result{What: what, When: time.Now().UTC(), Machine: Machine{
		Version: b.Version, Go: runtime.Version(), Kernel: strings.TrimSpace(string(kernel)), Processors: runtime.NumCPU(),
	}}
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// deliver tells what a window brought.
func (r *Result) deliver(w *window) {
	seconds := w.length().Seconds()
	r.Seconds = seconds
	r.Delivery = &Delivery{
		Packets: w.counts.packets(), PacketRate: float64(w.counts.packets()) / seconds,
		Pictures: w.counts.Pictures, trouble: w.counts.Trouble, Ended: w.counts.Ended,
	}
	if n := w.counts.Viewers; n > 0 {
		r.Delivery.ViewerBitrate = float64(w.counts.Bytes) * 8 / seconds / float64(n)
	}
	added, read := distribute(w.tally.Arrived), distribute(w.tally.Read)
	if added.Count > 0 {
		r.Added = &added
	}
	if read.Count > 0 && r.Eager {
		r.Read = &read
	}
	if n := w.counts.Trouble.Dropped; n > 0 {
		r.note("%d times the kernel dropped what the load tool was too slow to read: loss that is not the server's", n)
	}
	if len(w.counts.Ended) > 0 {
		r.note("viewers ended by themselves: %v", w.counts.Ended)
	}
}

// spend tells what server and tool spent in a window; one is how it was with one
// viewer, where that was looked at.
func (r *Result) spend(w *window, one *sample, processes int) {
	seconds := w.length().Seconds()
	packets := float64(max(w.counts.packets(), 1))
	perPacket := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / packets }
	r.Tool = &Tool{
		CPUPerPacket: perPacket(w.tool()), Cores: w.tool().Seconds() / seconds,
		Processes: processes, OtherCores: w.others().Seconds() / seconds,
	}
	if w.after.server.cpu == 0 {
		r.note("the server's process is not known: no CPU time and no memory")
		return
	}
	if r.Tool.OtherCores > 0.05*float64(r.Machine.Processors) {
		r.note("other processes kept %.2f cores busy: this machine was not idle", r.Tool.OtherCores)
	}
	cpu := w.after.server.cpu - w.before.server.cpu
	s := &Server{
		CPUPerPacket: perPacket(cpu), Cores: cpu.Seconds() / seconds,
		Resident: w.after.server.rss, Goroutines: w.after.metrics[metricGoroutines],
	}
	if one != nil && r.Viewers > 1 {
		s.ResidentOne, s.GoroutinesOne = one.server.rss, one.metrics[metricGoroutines]
		s.BytesPerViewer = float64(s.Resident-s.ResidentOne) / float64(r.Viewers-1)
	}
	if calls, ok := w.metric(metricSends); ok && calls > 0 {
		sent, _ := w.metric(metricPackets)
		s.PacketsPerCall = sent / calls
	}
	if s.Unsent, _ = w.metric(metricUnsent); s.Unsent > 0 {
		r.note("%.0f times the kernel had no room for what the server sent", s.Unsent)
	}
	if f := r.Floor; f != nil && f.Segmented > 0 {
		s.OverFloor = s.CPUPerPacket / f.Segmented
		if f.WithAudio > 0 {
			s.OverFloorWithAudio = s.CPUPerPacket / f.WithAudio
		}
	}
	r.Server = s
}

// publish writes the result: a table for people, and JSON where that is wanted.
func (b *Bench) publish(r *Result, file string) error {
	if err := r.table(b.Out); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}
