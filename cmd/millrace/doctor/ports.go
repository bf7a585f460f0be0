package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
)

// running is a gateway that runs here already.
type running struct {
	url     string // of its pages; "" where HTTP is off
	version string // "" for none
	ready   int    // the status of /readyz
}

func (r running) there() bool { return r.version != "" }

// maxServerAnswer is far more than /api/v1/server says.
const maxServerAnswer = 64 << 10

// findRunning asks at http.address whether it is a millrace that listens there.
func findRunning(ctx context.Context, cfg *config.Config) running {
	r := running{url: ownURL(cfg.HTTP.Address)}
	if r.url == "" {
		return r
	}
	var server struct {
		Version string `json:"version"`
		WebRTC  *int   `json:"webrtc_port"`
	}
	if status, body := look(ctx, r.url+"/api/v1/server"); status != http.StatusOK || json.Unmarshal(body, &server) != nil || server.WebRTC == nil {
		return r
	}
	r.version = server.Version
	r.ready, _ = look(ctx, r.url+"/readyz")
	return r
}

// ownURL is where this machine reaches that listener.
func ownURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" {
		return ""
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// look gets a small answer; status 0 for none.
func look(ctx context.Context, url string) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil
	}
	// A client of its own: no proxy of the environment's, and nothing left open.
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, _ = io.ReadAll(io.LimitReader(response.Body, maxServerAnswer)) // what is cut off does not parse
	return response.StatusCode, body
}

func (r running) checks() []diagnosis.Check {
	c := diagnosis.Check{ID: "running", Area: areaPorts, Verdict: diagnosis.OK, Title: "A running gateway"}
	switch {
	case !r.there():
		c.Seen = "None answers; the ports are looked at for one to come."
	case r.ready == http.StatusOK:
		c.Seen = fmt.Sprintf("Version %s at %s, and it is ready.", r.version, r.url)
	default:
		c.Verdict, c.Code = diagnosis.Warning, "not_ready"
		c.Seen = fmt.Sprintf("Version %s at %s; /readyz says %d.", r.version, r.url, r.ready)
		c.Why, c.Remedy = "It is starting, or lets everybody go before it stops.", "Wait, or see its log."
	}
	return []diagnosis.Check{c}
}

// listening is one of the configuration's listeners.
type listening struct {
	setting, network, address string
}

// doors are those that are on.
func doors(c *config.Config) []listening {
	all := []listening{
		{"http.address", "tcp", c.HTTP.Address},
		{"https.address", "tcp", c.HTTPS.Address},
		{"webrtc.address", "udp", c.WebRTC.Address},
		{"rtmp.address", "tcp", c.RTMP.Address},
		{"rtmps.address", "tcp", c.RTMPS.Address},
		{"rtsp.address", "tcp", c.RTSP.Address},
		{"rtsps.address", "tcp", c.RTSP.Secure},
		{"turn.address", "udp", c.TURN.Address},
		{"turn.tls_address", "tcp", c.TURN.Secure},
	}
	if c.WebRTC.TCP {
		all = append(all, listening{"webrtc.address", "tcp", c.WebRTC.Address})
	}
	if c.Cluster.On() {
		all = append(all, listening{"relay.address", "udp", c.Cluster.Relay.Address}, listening{"relay.address", "tcp", c.Cluster.Relay.Address},
			listening{"cluster.nats.listen", "tcp", c.Cluster.NATS.Listen})
	}
	var on []listening
	for _, l := range all {
		if l.address != "" {
			on = append(on, l)
		}
	}
	return on
}

// checkDoor tries to listen there for a moment. ours says that a gateway runs here,
// which then is who has it.
func checkDoor(ctx context.Context, l listening, ours bool) diagnosis.Check {
	c := diagnosis.Check{ID: "port", Area: areaPorts, Verdict: diagnosis.OK, Title: fmt.Sprintf("%s (%s %s)", l.setting, l.network, l.address)}
	err := listenOnce(ctx, l)
	switch {
	case err == nil && ours && !anyPort(l.address):
		c.Verdict, c.Code, c.Seen = diagnosis.Warning, "not_listening", "Free, though a gateway runs here."
		c.Remedy = "The running gateway has another configuration: give the doctor the same --config, or restart the gateway."
	case err == nil:
		c.Seen = "Free."
	case errors.Is(err, syscall.EADDRINUSE) && ours:
		c.Seen = "Taken, by the gateway that runs here."
	default:
		c.Verdict, c.Code, c.Seen = diagnosis.Bad, "port_taken", "Cannot be had."
		c.Why = "The gateway does not start."
		c.Remedy = config.ListenError(l.setting, l.address, err).Error()
	}
	return c
}

func listenOnce(ctx context.Context, l listening) error {
	var config net.ListenConfig
	var socket io.Closer
	var err error
	if l.network == "udp" {
		socket, err = config.ListenPacket(ctx, l.network, l.address)
	} else {
		socket, err = config.Listen(ctx, l.network, l.address)
	}
	if err != nil {
		return err
	}
	return socket.Close()
}

// anyPort says whether any free port will do.
func anyPort(address string) bool {
	_, port, _ := net.SplitHostPort(address)
	n, err := strconv.Atoi(port)
	return err == nil && n == 0
}
