package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"millrace/cmd/millrace/config"
	"millrace/ingest/rtmp"
	"millrace/transmux/access"
)

// demoClip is made by demo/make-clip.sh: eight seconds that loop without a seam.
//
//go:embed demo/clip.flv
var demoClip []byte

// demoStream is the name that the clip is published under.
const demoStream = "live/demo"

// demoPossible says what the configuration lacks for a demo.
func demoPossible(cfg config.Config) error {
	switch {
	case cfg.RTMP.Address == "":
		return errors.New("the demo publishes its clip over RTMP, which is off: set rtmp.address (" + config.EnvName("rtmp.address") + ")")
	case cfg.HTTP.Address == "" || cfg.WebRTC.Address == "":
		return errors.New("the demo is watched in a browser, which needs http.address and webrtc.address: one of them is off")
	default:
		return nil
	}
}

// demoPause is how long the demo's publisher waits before it comes back, after
// the machine slept or somebody else used the name.
const demoPause = 2 * time.Second

// demoTask publishes the clip to the gateway's own listener, again and again.
func demoTask(l listeners, ticket string, log *slog.Logger) task {
	url := "rtmp://" + reachable(l.rtmp, "127.0.0.1") + "/" + demoStream + "?token=" + ticket
	return task{"demo publisher", func(ctx context.Context) error {
		pause := time.NewTimer(0)
		defer pause.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-pause.C:
			}
			err := rtmp.Publish(ctx, url, demoClip, rtmp.PublishOptions{})
			if ctx.Err() == nil {
				log.Warn("demo: the clip's publisher ended and will be back", "in", demoPause, "cause", err)
				pause.Reset(demoPause)
			}
		}
	}}
}

// demoTicket lets the demo publish its stream, whatever others need for that.
func (g *gateway) demoTicket() string {
	name, err := access.ParsePattern(demoStream)
	if err != nil {
		panic(err) // it is a name
	}
	return g.access.Ticket("demo", access.Grant{Publish: []access.Pattern{name}})
}

// explainDemo tells a person what to do now. A key is what publishing needs.
func explainDemo(w io.Writer, l listeners, key string) {
	fragment := ""
	if key != "" {
		fragment, key = "#token="+key, "?token="+key
	}
	site := "http://" + reachable(l.http, "localhost")
	server := "rtmp://" + strings.TrimSuffix(reachable(l.rtmp, "localhost"), ":1935") // RTMP's own port
	_, _ = fmt.Fprintf(w, `
  Millrace is running, and plays you its demo.

    Watch          %[1]s/watch/%[3]s
    All streams    %[1]s/
    Dashboard      %[1]s/dashboard%[5]s

  Publish your own beside it, in OBS: Settings → Stream
    Service        Custom…
    Server         %[2]s/live
    Stream Key     mystream%[4]s
    and watch it   %[1]s/watch/live/mystream

  or with ffmpeg:
    ffmpeg -re -i FILE -c:v libx264 -tune zerolatency -g 60 -c:a aac -f flv "%[2]s/live/mystream%[4]s"

  Ctrl+C stops it.

`, site, server, demoStream, key, fragment)
}
