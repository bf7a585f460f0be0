package api

import (
	"fmt"
	"os"
	"runtime"
)

// memory is how many bytes the process holds: those that are resident, where the
// system tells, or else what Go has from it.
func memory() int64 {
	var pages, resident int64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if _, err := fmt.Sscan(string(text), &pages, &resident); err == nil {
			return resident * int64(os.Getpagesize())
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
