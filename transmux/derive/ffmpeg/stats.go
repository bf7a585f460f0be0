package ffmpeg

import (
	"maps"
	"time"
)

// Stats are the program's counters since the start.
type Stats struct {
	// Running processes, and how many may.
	Running, Limit int
	// Started counts processes by what they make.
	Started map[Target]uint64
	// Refused counts wishes for a process beyond the limit.
	Refused uint64
	// CPU is what the processes took, those that still run included.
	CPU time.Duration
}

// Stats is a snapshot for the metrics.
func (p *Program) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{
		Running: p.running, Limit: p.cfg.MaxProcesses, Started: maps.Clone(p.started),
		Refused: p.refused.Load(), CPU: p.spent,
	}
	for session := range p.sessions {
		if process := session.process.Load(); process != nil {
			s.CPU += process.cost()
		}
	}
	return s
}
