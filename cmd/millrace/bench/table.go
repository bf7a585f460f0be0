package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table writes the result for people.
func (r *Result) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "\n%s: %s\n", r.What, r.head())
	if r.Clip != nil {
		line("clip", "%s: %.1f pictures/s of %.1f packets of %.0f bytes, %.2f Mb/s", r.Clip.Name, r.Clip.PictureRate,
			r.Clip.Packets, r.Clip.PacketBytes, r.Clip.VideoBitrate/1e6)
	}
	if f := r.Floor; f != nil {
		f.lines(line)
	}
	if d := r.Delivery; d != nil {
		line("delivered", "%d packets, %.0f/s, %.2f Mb/s a viewer", d.Packets, d.PacketRate, d.ViewerBitrate/1e6)
		line("lost", "%d packets (%d duplicates, %d late, %d timestamps back, %d broken pictures, %d unopened)",
			d.Lost, d.Duplicates, d.Late, d.Backward, d.Broken, d.Unopened+d.Unknown)
	}
	if s := r.Server; s != nil {
		s.lines(line)
	}
	if t := r.Tool; t != nil {
		line("load tool", "%.2f µs CPU a packet, %.2f cores in %d processes and the publisher", t.CPUPerPacket, t.Cores, t.Processes)
	}
	r.times(w)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "  note\t%s\n", note)
	}
	return w.Flush()
}

func (r *Result) head() string {
	s := fmt.Sprintf("%d processors, %s, kernel %s, millrace %s", r.Machine.Processors, r.Machine.Go, r.Machine.Kernel, r.Machine.Version)
	if r.Viewers > 0 {
		s = fmt.Sprintf("%d viewers over %.0f s; ", r.Viewers, r.Seconds) + s
		if r.Streams > 1 {
			s = fmt.Sprintf("%d streams, ", r.Streams) + s
		}
	}
	if r.Plain {
		s += "; read packet by packet"
	}
	if r.Eager {
		s += "; read eagerly"
	}
	return s
}

func (f *Floor) lines(line func(string, string, ...any)) {
	pace := "as fast as it goes"
	if f.PictureRate > 0 {
		pace = fmt.Sprintf("%.1f pictures/s", f.PictureRate)
	}
	line("floor", "µs CPU a packet; %.1f packets of %d bytes a picture to each of %d sockets, %s", f.Packets, f.PacketBytes, f.Viewers, pace)
	for _, way := range []struct {
		name string
		cost float64
	}{
		{"sealing alone", f.Seal},
		{"and a sendto a packet", f.Sendto},
		{"and a sendmmsg a picture", f.Sendmmsg},
		{"and a segmented send a picture", f.Segmented},
		{"and each audio packet between them", f.WithAudio},
	} {
		if way.cost > 0 {
			line("  "+way.name, "%.2f", way.cost)
		}
	}
}

func (s *Server) lines(line func(string, string, ...any)) {
	cpu := fmt.Sprintf("%.2f cores", s.Cores)
	if s.CPUPerPacket > 0 {
		cpu = fmt.Sprintf("%.2f µs a packet, ", s.CPUPerPacket) + cpu
	}
	if s.OverFloor > 0 {
		cpu += fmt.Sprintf(": %.2f × floor", s.OverFloor)
	}
	if s.OverFloorWithAudio > 0 {
		cpu += fmt.Sprintf(" (%.2f × floor with audio)", s.OverFloorWithAudio)
	}
	line("server CPU", "%s", cpu)
	if s.BytesPerViewer != 0 {
		line("server memory", "%.1f KB a viewer: resident %.1f MB at one, %.1f MB at all", s.BytesPerViewer/1e3,
			float64(s.ResidentOne)/1e6, float64(s.Resident)/1e6)
	}
	switch {
	case s.GoroutinesOne > 0:
		line("server goroutines", "%.0f at one viewer, %.0f at all", s.GoroutinesOne, s.Goroutines)
	case s.Goroutines > 0:
		line("server goroutines", "%.0f", s.Goroutines)
	}
	if s.PacketsPerCall > 0 {
		line("packets a system call", "%.2f", s.PacketsPerCall)
	}
}

// times are the distributions.
func (r *Result) times(w io.Writer) {
	type row struct {
		name string
		d    *Distribution
	}
	var rows []row
	if j := r.Join; j != nil {
		fmt.Fprintf(w, "  joins\t%.1f/s", j.Rate)
		if j.CPU > 0 {
			fmt.Fprintf(w, ", %.2f ms of server CPU each", j.CPU)
		}
		if len(j.Failed) > 0 {
			fmt.Fprintf(w, ", FAILED: %v", j.Failed)
		}
		fmt.Fprintln(w)
		rows = append(rows, row{"POST to connected", &j.Connected}, row{"POST to first keyframe", &j.Keyframe})
	}
	rows = append(rows, row{"added latency before the joins", r.Quiet},
		row{"added latency, at the socket", r.Added}, row{"added latency, read", r.Read})
	head := "  ms\tmedian\t90 %\t99 %\tworst\tof\n"
	for _, one := range rows {
		if d := one.d; d != nil && d.Count > 0 {
			fmt.Fprintf(w, "%s  %s\t%.2f\t%.2f\t%.2f\t%.2f\t%d\n", head, one.name, d.Median, d.P90, d.P99, d.Max, d.Count)
			head = ""
		}
	}
}
