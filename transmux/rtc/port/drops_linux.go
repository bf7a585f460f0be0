package port

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// memInfoDrops is the index of the datagrams dropped within what SO_MEMINFO tells,
// and memInfoFields how much that is (linux/sock_diag.h, Linux 4.12).
const (
	memInfoDrops  = 8
	memInfoFields = 9
)

// drops is how many datagrams the kernel had no room for in the socket's receive
// buffer since it was opened; 0 where it does not say.
func (s *socket) drops() uint64 {
	var info [memInfoFields]uint32
	size := uint32(unsafe.Sizeof(info))
	_ = s.raw.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			info = [memInfoFields]uint32{}
		}
	})
	return uint64(info[memInfoDrops])
}
