// Command ertmp is an encoder of Enhanced RTMP as a process, for tests that are
// not in Go: it plays one of avtest/ertmp's clips over and over in real time,
// until it is ended.
//
//	ertmp -clip av1 rtmp://127.0.0.1:1935/live/name
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"millrace/ingest/rtmp"
	"millrace/transmux/avtest/ertmp"
)

func main() {
	name := flag.String("clip", "", "hevc, av1, vp9 or ladder")
	flag.Parse()
	clip, ok := ertmp.Clips()[*name]
	if !ok || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rtmp.Publish(ctx, flag.Arg(0), ertmp.File(clip), rtmp.PublishOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
