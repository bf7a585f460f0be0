package api

import (
	"context"
	"net"
)

// stoppingKey is where a request's context has the server's.
type stoppingKey struct{}

// announce is for http.Server.BaseContext: it lets answers that would go on for
// ever know when the server's context ends, which those under way outlive.
func announce(server context.Context) func(net.Listener) context.Context {
	return func(net.Listener) context.Context {
		return context.WithValue(context.WithoutCancel(server), stoppingKey{}, server)
	}
}

// stopping is closed when the server begins to stop; nil outside of one.
func stopping(request context.Context) <-chan struct{} {
	if server, ok := request.Value(stoppingKey{}).(context.Context); ok {
		return server.Done()
	}
	return nil
}
