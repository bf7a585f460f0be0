package ledger

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// words says why a session ended, to people who do not know what an EOF is.
func words(cause error) string {
	switch {
	case cause == nil:
		return ""
	case errors.Is(cause, context.Canceled):
		return "the gateway is shutting down"
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF):
		return "the peer closed the connection"
	case errors.Is(cause, syscall.ECONNRESET), errors.Is(cause, syscall.EPIPE), errors.Is(cause, net.ErrClosed):
		return "the connection broke"
	default:
		return cause.Error()
	}
}
