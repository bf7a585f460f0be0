package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc: Linux promises USER_HZ = 100 to every
// process (proc(5), time(7)).
const clockTick = 10 * time.Millisecond

var errProc = errors.New("cannot be understood")

// usage is what a process has used.
type usage struct {
	cpu time.Duration // user and system time of all its threads
	rss int64         // resident memory in bytes
}

// usageOf reads a process's usage from proc(5).
func usageOf(pid int) (usage, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return usage{}, err
	}
	cpu, err := parseStat(stat)
	if err != nil {
		return usage{}, fmt.Errorf("%sstat: %w", dir, err)
	}
	statm, err := os.ReadFile(dir + "statm")
	if err != nil {
		return usage{}, err
	}
	pages, err := parseStatm(statm)
	if err != nil {
		return usage{}, fmt.Errorf("%sstatm: %w", dir, err)
	}
	return usage{cpu: cpu, rss: pages * int64(os.Getpagesize())}, nil
}

// parseStat sums utime and stime of /proc/PID/stat. The command's name, in
// parentheses, may hold anything.
func parseStat(b []byte) (time.Duration, error) {
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return 0, errProc
	}
	fields := strings.Fields(string(b[end+1:])) // state is the third field of all
	if len(fields) < 13 {
		return 0, errProc
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, errProc
	}
	return time.Duration(user+system) * clockTick, nil
}

// parseStatm is the resident pages of /proc/PID/statm.
func parseStatm(b []byte) (int64, error) {
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, errProc
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, errProc
	}
	return pages, nil
}

// machineBusy is how long the machine's processors have worked, all told.
func machineBusy() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(b)
}

// parseBusy sums the first line of /proc/stat without idle and iowait, steal, in
// which others ran, and guest time, which is in user time already.
func parseBusy(b []byte) (time.Duration, error) {
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 8 || fields[0] != "cpu" {
		return 0, errProc
	}
	var ticks int64
	for i, field := range fields[1:8] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, errProc
		}
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return time.Duration(ticks) * clockTick, nil
}
