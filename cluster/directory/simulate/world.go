package main

import (
	"fmt"
	"log/slog"
	"time"

	"millrace/cluster/directory"
	"millrace/cluster/directory/jetstream"
)

// secret is nobody's.
const secret = "the secret of a simulation"

// world is what the nodes stand on.
type world struct {
	exchange *directory.Exchange // nil: NATS
	server   *jetstream.Server
	log      *slog.Logger
}

func newWorld(nats bool, log *slog.Logger) (*world, error) {
	if !nats {
		return &world{exchange: directory.NewExchange(), log: log}, nil
	}
	server, err := jetstream.StartServer(jetstream.ServerConfig{Node: "simulation", Secret: secret, Listen: "127.0.0.1:0"}, log)
	if err != nil {
		return nil, err
	}
	return &world{server: server, log: log}, nil
}

func (w *world) close() {
	if w.server != nil {
		w.server.Stop()
	}
}

// connect gives a node its store, and the way to cut it off for ever.
func (w *world) connect(id string) (store directory.Store, cut func(), err error) {
	if w.exchange != nil {
		line := w.exchange.Connect()
		return line, line.Cut, nil
	}
	s, err := jetstream.Open(jetstream.Config{Node: id, Secret: secret, Server: w.server, Replicas: 1}, w.log)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Close, nil
}

// traffic is what passed so far: messages to the store and from it.
type traffic struct {
	in, out, bytes uint64
	at             time.Time
}

func (w *world) traffic() traffic {
	if w.exchange != nil {
		t := w.exchange.Traffic()
		return traffic{t.Sent, t.Messages, t.Bytes, time.Now()}
	}
	t := w.server.Traffic()
	return traffic{t.In, t.Out, t.Bytes, time.Now()}
}

func (t traffic) since(old traffic) string {
	seconds := t.at.Sub(old.at).Seconds()
	rate := func(a, b uint64) float64 { return float64(a-b) / seconds }
	return fmt.Sprintf("%.0f messages/s in, %.0f messages/s out, %.1f MiB/s", rate(t.in, old.in), rate(t.out, old.out), rate(t.bytes, old.bytes)/(1<<20))
}
