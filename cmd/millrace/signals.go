package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal gives a context that ends with SIGTERM or SIGINT. The second signal
// ends the process there and then: whoever sends it is done waiting.
func untilSignal(log *slog.Logger) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	released, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for first := true; ; first = false {
			select {
			case s := <-signals:
				if !first {
					log.Error("stopping at once", "signal", s.String())
					os.Exit(exitError)
				}
				log.Info("stopping", "signal", s.String())
				cancel()
			case <-released:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(released)
		<-gone
		cancel()
	}
}

// untilHangup gives what tells of every SIGHUP, which from then on ends nothing. Two
// that come together are one.
func untilHangup() <-chan os.Signal {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups
}
