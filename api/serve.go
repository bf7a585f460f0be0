package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// What a client may take its time for. Requests and answers are small; only the
// page's script is some hundred kilobytes.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second // an SDP offer over a bad mobile link
	writeTimeout  = 60 * time.Second // the page's script over a very slow one
	idleTimeout   = 2 * time.Minute  // longer than the pages' polling
	maxHeader     = 16 << 10         // bytes; browsers send 1 to 2 KiB
	shutdownGrace = 2 * time.Second  // for the answers under way when stopping
)

// Serve answers requests on the listener until ctx ends, then lets those under
// way finish. It closes the listener. The error is nil after a stop by ctx.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		BaseContext:       announce(ctx),
		MaxHeaderBytes:    maxHeader,
		// What net/http has to say is about single connections of clients.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("api: serving %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("api: serving %s: %w", listener.Addr(), err)
	}
	return nil
}
