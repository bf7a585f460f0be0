//go:build linux || darwin

package doctor

import "syscall"

// fdLimit is how many file descriptors the process may have.
func fdLimit() (soft uint64, ok bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return l.Cur, true
}
