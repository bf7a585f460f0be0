// Command simulate runs a whole cluster's directories in one process: real ones,
// over a store in memory or over a real NATS server, while nodes die and others
// come. It tells what that costs and how soon everybody concerned knows.
//
//	go run ./cluster/directory/simulate -nodes 1000 -streams 100000 -for 2m
//	go run ./cluster/directory/simulate -nats -nodes 1000 -streams 100000 -for 2m
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"time"
)

// options are the command line.
type options struct {
	nodes, streams, watchers int
	deaths                   float64 // share of the nodes a minute
	duration                 time.Duration
	nats                     bool
	profile, memory          string
}

func main() {
	var o options
	flag.IntVar(&o.nodes, "nodes", 1000, "how many nodes")
	flag.IntVar(&o.streams, "streams", 100_000, "how many streams, spread over them")
	flag.IntVar(&o.watchers, "watchers", 3, "how many nodes follow each stream")
	flag.Float64Var(&o.deaths, "deaths", 0.01, "the share of the nodes that die a minute")
	flag.DurationVar(&o.duration, "for", 2*time.Minute, "for how long nodes die")
	flag.BoolVar(&o.nats, "nats", false, "over a real NATS server in this process, instead of in memory")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the time in which nodes die")
	flag.StringVar(&o.memory, "memory", "", "write a memory profile once all streams are claimed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.nodes < 2 || o.streams < 1 || o.watchers < 1 || o.watchers >= o.nodes {
		return fmt.Errorf("%d nodes, %d streams, %d watchers of each: there must be more nodes than watchers", o.nodes, o.streams, o.watchers)
	}
	quiet := slog.New(slog.DiscardHandler)
	world, err := newWorld(o.nats, quiet)
	if err != nil {
		return err
	}
	defer world.close()
	c := &crowd{world: world, log: quiet, options: o}
	defer c.stop()

	begun := time.Now()
	if err := c.gather(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d nodes know each other           after %.1f s\n", o.nodes, time.Since(begun).Seconds())
	begun = time.Now()
	if err := c.publish(ctx); err != nil {
		return err
	}
	took := time.Since(begun)
	fmt.Fprintf(out, "%d streams claimed, each followed by %d nodes, in %.1f s (%.0f claims/s)\n", o.streams, o.watchers, took.Seconds(), float64(o.streams)/took.Seconds())
	if err := saveMemory(o.memory); err != nil {
		return err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(out, "memory: %.0f MiB of heap, %.0f KiB a node (store included), %.0f MiB from the system, %d goroutines\n",
		float64(m.HeapAlloc)/(1<<20), float64(m.HeapAlloc)/(1<<10)/float64(o.nodes), float64(m.Sys)/(1<<20), runtime.NumGoroutine())

	rest, err := c.measure(ctx, 20*time.Second, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "at rest: %s\n", rest)
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
	}
	dying, err := c.measure(ctx, o.duration, c.die)
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "while nodes die: %s, %d died\n", dying, c.died)
	fmt.Fprintf(out, "from a death to the stream's new claim elsewhere:       %s\n", &c.claimed)
	fmt.Fprintf(out, "from there to every node that follows it:               %s\n", &c.moved)
	fmt.Fprintf(out, "from a death to every follower of a stream that ended:  %s\n", &c.ended)
	fmt.Fprintf(out, "from a death to every node's list of nodes:             %s\n", &c.listed)
	return nil
}

// saveMemory collects what is garbage, and writes what is not to a file if it has a name.
func saveMemory(name string) error {
	runtime.GC()
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return pprof.WriteHeapProfile(file)
}
