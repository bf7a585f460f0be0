// Command main is the bad network as a process, for tests that are not in Go. It
// prints {"address":…} once it listens, then reads settings from its standard
// input, a JSON object a line, answers each with its counts, and ends with the
// input.
//
//	{"to_clients":{"loss":0.05,"delay_ms":30},"to_server":{"delay_ms":30}}
//
// A direction that a line does not name stays as it is; {} only asks for counts.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"time"

	"millrace/cmd/millrace/e2e/impair"
)

// order is one line of input.
type order struct {
	ToClients *settings `json:"to_clients"`
	ToServer  *settings `json:"to_server"`
	// Move gives all clients new addresses towards the server.
	Move bool `json:"move"`
}

// settings are impair.Settings with times in milliseconds.
type settings struct {
	Loss      float64 `json:"loss"`
	Enter     float64 `json:"burst_enter"`
	Leave     float64 `json:"burst_leave"`
	BurstLoss float64 `json:"burst_loss"`
	Delay     float64 `json:"delay_ms"`
	Jitter    float64 `json:"jitter_ms"`
	Reorder   float64 `json:"reorder"`
	ReorderBy float64 `json:"reorder_ms"`
	Duplicate float64 `json:"duplicate"`
	Rate      int     `json:"rate"`
	Queue     int     `json:"queue"`
}

func (s *settings) settings() impair.Settings {
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	return impair.Settings{
		Loss: s.Loss, Burst: impair.Burst{Enter: s.Enter, Leave: s.Leave, Loss: s.BurstLoss},
		Delay: ms(s.Delay), Jitter: ms(s.Jitter), Reorder: s.Reorder, ReorderBy: ms(s.ReorderBy),
		Duplicate: s.Duplicate, Rate: s.Rate, Queue: s.Queue,
	}
}

// report is one line of output.
type report struct {
	Address   string        `json:"address"`
	ToClients impair.Counts `json:"to_clients"`
	ToServer  impair.Counts `json:"to_server"`
}

func main() {
	listen := flag.String("listen", "127.0.0.2:0", "`address` that clients send to")
	server := flag.String("server", "", "`address` of the server")
	seed := flag.Uint64("seed", 1, "of chance")
	flag.Parse()
	if err := run(*listen, *server, *seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen, server string, seed uint64) error {
	at, err := netip.ParseAddrPort(server)
	if err != nil {
		return fmt.Errorf("-server: %w", err)
	}
	p, err := impair.Listen(listen, at, seed)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	err = out.Encode(reportOf(p))
	for lines := bufio.NewScanner(os.Stdin); err == nil && lines.Scan(); {
		if err = obey(p, lines.Bytes()); err == nil {
			err = out.Encode(reportOf(p))
		}
	}
	if closing := p.Close(); err == nil {
		err = closing
	}
	return err
}

func obey(p *impair.Proxy, line []byte) error {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	if o.ToClients != nil {
		p.ToClients(o.ToClients.settings())
	}
	if o.ToServer != nil {
		p.ToServer(o.ToServer.settings())
	}
	if o.Move {
		return p.Move()
	}
	return nil
}

func reportOf(p *impair.Proxy) report {
	r := report{Address: p.Addr().String()}
	r.ToClients, r.ToServer = p.Counts()
	return r
}
