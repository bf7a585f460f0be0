// Package config is what can be set: one struct, its defaults, the YAML file, the
// environment and the flag that fill it, and what is wrong with them, each with its place.
//
// cmd/millrace reads it by Inputs and gives each room its part; reload reads it again, and
// doctor looks at the machine with it. It knows the rooms' own names, bounds and defaults,
// and hands out values ready for them; it must not open or start anything.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"millrace/ingest/pull"
	"millrace/transmux/rtc/resource"
)

// levelKey is the one that a flag goes over.
const levelKey = "log.level"

// logLevels are its words.
var logLevels = []string{"debug", "info", "warn", "error"}

// Config is everything that can be set. The YAML file and the environment fill it
// through settings; flags come on top.
type Config struct {
	HTTP struct {
		Address string
	}
	RTMP struct {
		Address    string
		MaxMessage int // bytes
	}
	RTMPS struct {
		Address string
	}
	TLS struct {
		Certificate string // file
		Key         string // file
	}
	WebRTC struct {
		Address    string
		TCP        bool                 // on the same number, for networks without UDP
		PublicIPs  []string             // and host names; empty: found from the interfaces
		ICEServers []resource.ICEServer // that clients are told to use
	}
	Stream struct {
		MaxBytes  int
		MaxFrames int
		Linger    time.Duration
	}
	Limits   Limits
	Shutdown struct {
		Drain time.Duration // after SIGTERM, for everybody to go elsewhere
	}
	HTTPS   HTTPS
	TURN    TURN
	RTSP    RTSP
	Derive  Derive
	Cluster Cluster
	Relay   Relay
	Metrics Metrics
	Tracing Tracing
	Auth    Auth
	Hooks   Hooks
	Sources []pull.Source // what is fetched
	Log     struct {
		Level  string
		Format string
	}
}

// Defaults is the configuration with neither file nor environment.
func Defaults() Config {
	var c Config
	c.HTTP.Address = ":8080"
	c.RTMP.Address = ":1935"
	c.RTMP.MaxMessage = 8 << 20 // a keyframe of 4K at 200 Mb/s is 4 MiB
	c.WebRTC.Address = ":8000"
	c.WebRTC.TCP = true
	c.Stream.MaxBytes = 32 << 20       // 20 s at 12 Mb/s
	c.Stream.MaxFrames = 8192          // 50 s of 60 pictures and two audio tracks a second
	c.Stream.Linger = 15 * time.Second // an encoder that reconnects takes 2 to 10 s
	c.Limits.defaults()
	c.HTTPS.defaults()
	c.TURN.defaults()
	c.RTSP.defaults()
	c.Derive.defaults()
	c.Cluster.defaults()
	c.Relay.defaults()
	c.Metrics.defaults()
	c.Tracing.defaults()
	c.Auth.defaults()
	c.Log.Level = "info"
	c.Log.Format = "text"
	return c
}

// settings ties each key to its place. A key is also an environment variable:
// MILLRACE_ and the path in capitals, joined by underscores.
func (c *Config) settings() []setting {
	all := []setting{
		{"http.address", address(&c.HTTP.Address)},
		{"rtmp.address", address(&c.RTMP.Address)},
		{"rtmp.max_message", size(&c.RTMP.MaxMessage, 64<<10, 64<<20)},
		{"rtmps.address", address(&c.RTMPS.Address)},
		{"tls.certificate", anyText(&c.TLS.Certificate)},
		{"tls.key", anyText(&c.TLS.Key)},
		{"webrtc.address", address(&c.WebRTC.Address)},
		{"webrtc.tcp", boolean(&c.WebRTC.TCP)},
		{"webrtc.public_ips", hosts(&c.WebRTC.PublicIPs)},
		{iceServersKey, iceServers(&c.WebRTC.ICEServers)},
		{"stream.max_bytes", size(&c.Stream.MaxBytes, 1<<20, 4<<30)},
		{"stream.max_frames", count(&c.Stream.MaxFrames, 64, 1<<20)},
		{"stream.linger", duration(&c.Stream.Linger, time.Second, time.Hour)},
		{sourcesKey, inOneLine(c.readSources)},
		{hooksKey, c.Hooks.set},
		{levelKey, oneOf(&c.Log.Level, logLevels...)},
		{"log.format", oneOf(&c.Log.Format, "text", "json")},
		{"shutdown.drain", duration(&c.Shutdown.Drain, 0, 24*time.Hour)},
	}
	return slices.Concat(all, c.Limits.settings(), c.Auth.settings(), c.HTTPS.settings(), c.TURN.settings(), c.RTSP.settings(), c.Derive.settings(), c.Cluster.settings(), c.Relay.settings(), c.Metrics.settings(), c.Tracing.settings())
}

// sections are the settings that are more than text in a file.
func (c *Config) sections() map[string]section {
	all := map[string]section{
		sourcesKey: c.readSources,
	}
	c.Auth.sections(all)
	c.Hooks.sections(all)
	return all
}

// Validate says what is wrong with the configuration as a whole; single values
// were checked when they were set.
func (c *Config) Validate() error {
	if c.HTTP.Address == "" && c.HTTPS.Address == "" && c.RTMP.Address == "" && c.RTMPS.Address == "" {
		return errors.New("http.address and rtmp.address are both empty: nothing would listen")
	}
	if c.WebRTC.Address != "" && c.HTTP.Address == "" && c.HTTPS.Address == "" {
		return errors.New(`webrtc.address needs http.address, through which viewers join: set it, or turn both off with ""`)
	}
	if err := c.validateTLS(map[string]string{"https.address": c.HTTPS.Address, "rtmps.address": c.RTMPS.Address, "rtsps.address": c.RTSP.Secure, "turn.tls_address": c.TURN.Secure}); err != nil {
		return err
	}
	if err := errors.Join(c.validateHTTPS(), c.validateTURN(), c.Auth.resolve(), c.Cluster.validate(), c.Relay.validate(&c.Cluster)); err != nil {
		return err
	}
	tcp := map[string]string{} // address to key
	for _, l := range [][2]string{{"http.address", c.HTTP.Address}, {"https.address", c.HTTPS.Address}, {"turn.address", c.TURN.Address}, {"turn.tls_address", c.TURN.Secure}, {"rtmp.address", c.RTMP.Address}, {"rtmps.address", c.RTMPS.Address}, {"rtsp.address", c.RTSP.Address}, {"rtsps.address", c.RTSP.Secure}, {"webrtc.address", c.WebRTC.Address}} {
		key, at := l[0], l[1]
		_, port, _ := net.SplitHostPort(at)
		other, taken := tcp[at]
		switch {
		case port == "" || port == "0" || key == "webrtc.address" && !c.WebRTC.TCP:
		case taken && key == "webrtc.address":
			return fmt.Errorf("%s and %s are both %s, and both listen for TCP there: give them different ports, or set webrtc.tcp to false", other, key, at)
		case taken:
			return fmt.Errorf("%s and %s are both %s: two listeners cannot share a port", other, key, at)
		default:
			tcp[at] = key
		}
	}
	return nil
}

// Level is log.level as slog has it; the setting allows no other words.
func (c *Config) Level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(strings.ToUpper(c.Log.Level)))
	return l
}
