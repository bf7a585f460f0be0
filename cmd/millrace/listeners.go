package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/transmux/certs"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/turn"
)

// listeners are the sockets that the rooms are given; nil is one that is off.
type listeners struct {
	http, https, rtmp, rtmps net.Listener
	rtsp                     rtspListeners
	webrtc                   *port.Port
	turn                     turn.Sockets
	certs                    *certs.Room // of those over TLS; nil if there are none
}

// listen opens what the configuration names, all of it or nothing, and logs the
// addresses that came of it.
func listen(cfg config.Config, log *slog.Logger) (listeners, error) {
	var l listeners
	if err := l.listenSite(&cfg, log); err != nil { // the others need its certificates
		l.close()
		return listeners{}, err
	}
	var errs [5]error
	l.turn, errs[0] = listenTURN(&cfg)
	l.rtmp, errs[1] = listenTCP("rtmp.address", cfg.RTMP.Address)
	l.webrtc, errs[2] = listenWebRTC(cfg, log)
	l.rtmps, errs[3] = listenTLS("rtmps.address", cfg.RTMPS.Address, l.certs)
	l.rtsp, errs[4] = listenRTSP(&cfg, l.certs)
	if err := errors.Join(errs[:]...); err != nil {
		l.close()
		return listeners{}, err
	}
	for _, one := range []struct {
		what string
		at   net.Addr
	}{{"http", addressOf(l.http)}, {"https", addressOf(l.https)}, {"rtmp", addressOf(l.rtmp)}, {"rtmps", addressOf(l.rtmps)}, {"webrtc", l.udpAddress()}} {
		if one.at != nil {
			log.Info("listening", "what", one.what, "address", one.at.String())
		}
	}
	l.rtsp.say(log)
	sayTURN(l.turn, log)
	return l, nil
}

func listenTCP(key, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	return l, config.ListenError(key, address, err)
}

func listenWebRTC(cfg config.Config, log *slog.Logger) (*port.Port, error) {
	const key = "webrtc.address"
	address := cfg.WebRTC.Address
	if address == "" {
		return nil, nil
	}
	p, err := port.Listen(port.Config{Address: address, TCP: cfg.WebRTC.TCP, Public: cfg.WebRTC.PublicIPs}, log)
	if errors.Is(err, port.ErrTCP) && errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: something else listens on TCP %s already, which viewers without UDP need; "+
			"stop it, set %s (%s) to another port, or webrtc.tcp (%s) to false", key, address, key, config.EnvName(key), config.EnvName("webrtc.tcp"))
	}
	return p, config.ListenError(key, address, err)
}

func (l *listeners) close() {
	if l.http != nil {
		_ = l.http.Close()
	}
	if l.https != nil {
		_ = l.https.Close()
	}
	l.turn.Close()
	if l.rtmp != nil {
		_ = l.rtmp.Close()
	}
	if l.rtmps != nil {
		_ = l.rtmps.Close()
	}
	l.rtsp.close()
	if l.webrtc != nil {
		_ = l.webrtc.Close()
	}
}

// ports are the numbers as the pages are told them.
func (l *listeners) ports() api.Ports {
	return api.Ports{HTTP: portOf(addressOf(l.http)), RTMP: portOf(addressOf(l.rtmp)), RTSP: portOf(addressOf(l.rtsp.plain)), WebRTC: portOf(l.udpAddress())}
}

func (l *listeners) udpAddress() net.Addr {
	if l.webrtc == nil {
		return nil
	}
	return net.UDPAddrFromAddrPort(l.webrtc.Addr())
}

func addressOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

func portOf(a net.Addr) int {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.Port
	case *net.UDPAddr:
		return a.Port
	default:
		return 0
	}
}

// reachable is an address of the listener's that this machine can connect to, and
// that a person would write: an unspecified one becomes localhost's.
func reachable(l net.Listener, localhost string) string {
	a := l.Addr().(*net.TCPAddr)
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = localhost
	}
	return net.JoinHostPort(host, fmt.Sprint(a.Port))
}
