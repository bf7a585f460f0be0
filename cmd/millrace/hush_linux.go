package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// hush turns a terminal's echo off, until the function that it returns is called.
// The error is not nil if that is no terminal.
func hush(f *os.File) (func(), error) {
	fd := int(f.Fd())
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	now := *was
	now.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, was) }, nil
}
