package whep

import (
	"context"
	"log/slog"
	"sync"

	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/sender"
)

// transport is a socket, and the room for the one endpoint on it.
type transport struct {
	*sender.Room
	stop func() // ends both and waits for them
}

func newTransport(address string, log *slog.Logger) (*transport, error) {
	p, err := port.Listen(port.Config{Address: address}, log)
	if err != nil {
		return nil, err
	}
	room := sender.New(p, log)
	var rooms, ports sync.WaitGroup
	ctx, cancelRoom := context.WithCancel(context.Background())
	below, cancelPort := context.WithCancel(context.Background())
	rooms.Go(func() { _ = room.Serve(ctx) })
	ports.Go(func() { _ = p.Serve(below) }) // its end shows as silence
	return &transport{room, func() {
		cancelRoom()
		rooms.Wait() // its farewells need the port
		cancelPort()
		ports.Wait()
	}}, nil
}
