package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"millrace/cluster/directory"
	"millrace/transmux/bus"
)

// loadInterval is how often this node looks how much it has to do.
const loadInterval = time.Second

// reportLoad tells the directory how much this node has to do.
func reportLoad(ctx context.Context, hub *bus.Hub, to *directory.Directory) error {
	ticks := time.NewTicker(loadInterval)
	defer ticks.Stop()
	var clock cpuClock
	for {
		l := directory.Load{CPU: clock.share()}
		for _, s := range hub.Streams() {
			l.Streams++
			l.Viewers += s.Viewers
			var bits float64
			for _, t := range s.Tracks {
				if t.Track.DerivedFrom == 0 {
					bits += t.Bitrate
				}
			}
			l.Bits += bits * float64(s.Viewers)
		}
		to.Report(l)
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// cpuClock measures how busy the machine's processors were between two looks.
type cpuClock struct{ busy, all uint64 }

// share is 0 to 1; 0 where the system does not tell.
func (c *cpuClock) share() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	var user, nice, system, idle, wait, irq, soft, steal uint64
	if _, err := fmt.Sscanf(string(line), "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal); err != nil {
		return 0
	}
	busy := user + nice + system + irq + soft + steal
	all := busy + idle + wait
	was := *c
	c.busy, c.all = busy, all
	if was.all == 0 || all <= was.all || busy < was.busy {
		return 0
	}
	return float64(busy-was.busy) / float64(all-was.all)
}
