package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/api/hooks"
	"millrace/ingest"
	"millrace/ingest/pull"
	"millrace/transmux/access"
	"millrace/transmux/rtc/resource"
)

// loadFile reads a file, "" for none, and that environment.
func loadFile(name string, environ []string) (Config, error) {
	r, err := (&Inputs{File: name, Environ: environ}).Read()
	return r.Config, err
}

// load reads a file of that text and that environment, and gives the errors'
// lines without the folder in front.
func load(t *testing.T, yaml string, environ ...string) (Config, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadFile(file, environ)
	if err == nil {
		return c, nil
	}
	return c, strings.Split(strings.ReplaceAll(err.Error(), filepath.Dir(file)+"/", ""), "\n")
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := loadFile("", []string{"HOME=/root", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), c); diff != "" {
		t.Error(diff)
	}
}

func TestEverySettingArrives(t *testing.T) {
	want := Defaults()
	want.HTTP.Address = "127.0.0.1:1"
	want.RTMP.Address = ""
	want.RTMP.MaxMessage = 1 << 20
	want.RTMPS.Address = "127.0.0.1:443"
	want.TLS.Certificate, want.TLS.Key = "/etc/a.pem", "b.pem"
	want.RTSP = RTSP{Address: "127.0.0.1:2", Secure: "127.0.0.1:3"}
	want.WebRTC.Address = "[::1]:0"
	want.WebRTC.PublicIPs = []string{"192.0.2.1", "2001:db8::1", "live.example"}
	want.WebRTC.TCP = false
	want.WebRTC.ICEServers = []resource.ICEServer{
		{URL: "stun:stun.example.org:3478"}, {URL: "turns:[2001:db8::1]?transport=tcp", Username: "me", Credential: `p"w`},
	}
	want.Stream.MaxBytes = 2 << 30
	want.Stream.MaxFrames = 4096
	want.Stream.Linger = 90 * time.Second
	want.Limits.Publishers = 5
	want.Limits.Viewers = 7
	want.Limits.Requests = 9
	want.Limits.StreamsPerUser, want.Limits.StreamsPerAddress, want.Limits.Bitrate = 2, 3, 6_000_000
	want.Limits.ViewersPerStream, want.Limits.ViewersPerAddress = 4, 6
	want.Sources = []pull.Source{
		{Source: ingest.Source{Name: "live/door", URL: &url.URL{Scheme: "http", Host: "cam.example", Path: "/whep/a"}}, Linger: pull.DefaultLinger},
		{
			Source:   ingest.Source{Name: "live/yard", URL: &url.URL{Scheme: "https", Host: "[::1]:8443", Path: "/b"}, Transport: "tcp"},
			OnDemand: true, Linger: time.Minute,
		},
	}
	want.Derive.FFmpeg = "/opt/ffmpeg"
	want.Derive.MaxProcesses = 3
	want.Derive.Video.Mode = "off"
	want.Derive.Video.Except = grantOf(t, "live/*", "cam")
	want.Derive.Video.Encoder = "h264_nvenc"
	want.Derive.Video.Preset = "p4"
	want.Derive.Video.Bitrate = 2_500_000
	want.Derive.Video.KeyframeInterval = 0
	want.Cluster.Node.ID, want.Cluster.Node.Region, want.Cluster.Node.Role = "edge-1", "eu", "edge"
	want.Cluster.Advertise = "https://edge.example"
	want.Cluster.Relay.Address = ":0"
	want.Cluster.Relay.Advertise = []string{"edge.example:4443", "[2001:db8::1]:4443"}
	want.Cluster.Secret = "sixteen or more!"
	want.Cluster.NATS.Listen, want.Cluster.NATS.RouteListen = ":4222", ":6223"
	want.Cluster.NATS.Routes = []string{"a:6222", "b:6222", "c:6222"}
	want.Cluster.NATS.Replicas = 3
	want.Cluster.Redirect = "load"
	want.Relay = Relay{MaxChildren: 4, Linger: 3 * time.Second, CA: "ca.pem", Certificate: "node.pem", Key: "node.key"}
	want.Cluster.Networks = []string{"192.0.2.0/24=eu", "2001:db8::/32=us"}
	want.Auth.Open = &[]access.Action{access.Play, access.Read}
	want.Auth.Keys = []access.Key{
		{Name: "obs", Secret: secret(t, "a key of obs"), Grant: access.Grant{Publish: grantOf(t, "**"), Play: grantOf(t, "**")}},
		{Name: "cam", Secret: secret(t, "sha256:"+strings.Repeat("0f", 32)), Grant: access.Grant{
			Publish: grantOf(t, "cams/*", "live/cam"), Until: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
		}},
	}
	want.Auth.Users = []access.User{{Name: "alice", Secret: secret(t, "pass"), Grant: access.Grant{Play: grantOf(t, "**"), Read: true, Admin: true}}}
	want.Auth.JWT.Secret = strings.Repeat("s", 32)
	want.Auth.JWT.Issuer, want.Auth.JWT.Audience = "the app", "millrace"
	want.Auth.Callback = access.CallbackConfig{URL: "https://app.example/may", Token: "it is us", Timeout: time.Second}
	want.Shutdown.Drain = 45 * time.Second
	want.HTTPS.Address, want.HTTPS.Domains, want.HTTPS.HSTS = "127.0.0.1:4", []string{"live.example"}, time.Hour
	want.HTTPS.CORS, want.HTTPS.Frames = []string{"https://a.example"}, []string{"https://b.example"}
	want.HTTPS.Proxies, want.HTTPS.ProxyHeader = []string{"10.0.0.0/8"}, "forwarded"
	want.HTTPS.ACME.Email, want.HTTPS.ACME.Directory, want.HTTPS.ACME.Storage, want.HTTPS.ACME.Root = "me@example", "https://acme.example/d", "/var/acme", "root.pem"
	want.TURN = TURN{
		Address: "127.0.0.1:5", Secure: "127.0.0.1:6", Realm: "realm", PublicIPs: []string{"192.0.2.7"},
		Allocations: 10, PerAddress: 11, PerSession: 12, Bitrate: 1_000_000, Lifetime: time.Hour,
	}
	want.Metrics.PerStream, want.Metrics.MaxStreams = true, 50
	want.Tracing.Endpoint, want.Tracing.Sample = "http://collector.example:4318", 0.5
	want.Hooks.List = []hooks.Hook{{Name: "app", URL: "https://app.example/h"}}
	want.Log.Level = "debug"
	want.Log.Format = "json"

	yaml := `
# everything
http:
  address: "127.0.0.1:1"
  advertise: "https://edge.example/"
  domains: [live.example]
  hsts: 1h
  cors: ["https://a.example"]
  frame_ancestors: ["https://b.example"]
  trusted_proxies: [10.0.0.0/8]
  proxy_header: forwarded
https: {address: "127.0.0.1:4"}
acme: {email: me@example, directory: "https://acme.example/d", storage: /var/acme, root: root.pem}
turn:
  address: "127.0.0.1:5"
  tls_address: "127.0.0.1:6"
  realm: realm
  public_ips: [192.0.2.7]
  allocations: 10
  per_address: 11
  per_session: 12
  bitrate: 1000000
  lifetime: 1h
metrics: {per_stream: true, max_streams: 50}
tracing: {endpoint: "http://collector.example:4318", sample: 0.5}
hooks: {app: "https://app.example/h"}
rtmp:
  address: ""
  max_message: 1MiB
rtmps: {address: "127.0.0.1:443"}
rtsp: {address: "127.0.0.1:2", udp: false}
rtsps: {address: "127.0.0.1:3"}
tls: {certificate: /etc/a.pem, key: b.pem}
webrtc:
  address: '[::1]:0'
  public_ips:
    - 192.0.2.1
    - 2001:DB8::1
    - live.example
  tcp: false
  ice_servers:
    - stun:stun.example.org:3478
    - turns:[2001:db8::1]?transport=tcp me p"w
stream:
  max_bytes: 2 GiB
  max_frames: 4096
  linger: 1m30s
shutdown: {drain: 45s}
limits:
  publishers: 5
  viewers: 7
  requests: 9
  streams_per_user: 2
  streams_per_address: 3
  bitrate: 6M
  viewers_per_stream: 4
  viewers_per_address: 6
sources:
  live/door: http://cam.example/whep/a
  live/yard:
    url: https://[::1]:8443/b
    on_demand: true
    linger: 1m
    transport: tcp
ffmpeg: {path: /opt/ffmpeg}
derive:
  max_processes: 3
  video:
    mode: "off"
    except: [live/*, cam]
    encoder: h264_nvenc
    preset: p4
    bitrate: 2500k
    keyframe_interval: 0s
node: {id: edge-1, region: eu, role: edge}
relay:
  address: ":0"
  advertise: ["edge.example:4443", "[2001:db8::1]:4443"]
  udp: false
cluster:
  secret: sixteen or more!
  nats:
    listen: ":4222"
    route_listen: ":6223"
    routes: ["a:6222", "b:6222", "c:6222"]
    replicas: 3
  redirect: load
  networks: [192.0.2.0/24=eu, 2001:db8::/32=us]
  max_children: 4
  linger: 3s
  ca: ca.pem
  certificate: node.pem
  key: node.key
auth:
  open: [play, read]
  keys:
    obs: a key of obs
    cam:
      key: sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
      publish: [cams/*, live/cam]
      expires: 2030-01-02T03:04:05Z
  users:
    alice: {password: pass, play: "**", read: true, admin: true}
  jwt: {secret: ssssssssssssssssssssssssssssssss, issuer: the app, audience: millrace}
  callback: {url: "https://app.example/may", token: it is us, timeout: 1s}
log:
  level: debug # loud
  format: json
`
	environ := []string{
		"MILLRACE_HTTP_ADDRESS=127.0.0.1:1", "MILLRACE_RTMP_ADDRESS=", "MILLRACE_RTMP_MAX_MESSAGE=1048576",
		"MILLRACE_RTSP_ADDRESS=127.0.0.1:2", "MILLRACE_RTSP_UDP=false", "MILLRACE_RTSPS_ADDRESS=127.0.0.1:3",
		"MILLRACE_RTMPS_ADDRESS=127.0.0.1:443", "MILLRACE_TLS_CERTIFICATE=/etc/a.pem", "MILLRACE_TLS_KEY=b.pem",
		"MILLRACE_WEBRTC_ADDRESS=[::1]:0", "MILLRACE_WEBRTC_PUBLIC_IPS=192.0.2.1, 2001:db8::1,live.example", "MILLRACE_WEBRTC_TCP=false",
		"MILLRACE_STREAM_MAX_BYTES=2GiB", "MILLRACE_STREAM_MAX_FRAMES=4096", "MILLRACE_STREAM_LINGER=90s", "MILLRACE_SHUTDOWN_DRAIN=45s",
		`MILLRACE_WEBRTC_ICE_SERVERS=stun:stun.example.org:3478, turns:[2001:db8::1]?transport=tcp me p"w`,
		`MILLRACE_SOURCES={live/door: "http://cam.example/whep/a", live/yard: {url: "https://[::1]:8443/b", on_demand: true, linger: 60s, transport: tcp}}`,
		"MILLRACE_AUTH_OPEN=play read",
		"MILLRACE_AUTH_KEYS={obs: a key of obs, cam: {key: 'sha256:" + strings.Repeat("0f", 32) + "', publish: [cams/*, live/cam], expires: 2030-01-02T03:04:05Z}}",
		`MILLRACE_AUTH_USERS={alice: {password: pass, play: "**", read: true, admin: true}}`,
		"MILLRACE_AUTH_JWT_SECRET=" + strings.Repeat("s", 32), "MILLRACE_AUTH_JWT_PUBLIC_KEY=", "MILLRACE_AUTH_JWT_JWKS=",
		"MILLRACE_AUTH_JWT_ISSUER=the app", "MILLRACE_AUTH_JWT_AUDIENCE=millrace",
		"MILLRACE_AUTH_CALLBACK_URL=https://app.example/may", "MILLRACE_AUTH_CALLBACK_TOKEN=it is us", "MILLRACE_AUTH_CALLBACK_TIMEOUT=1s",
		"MILLRACE_LIMITS_PUBLISHERS=5", "MILLRACE_LIMITS_VIEWERS=7", "MILLRACE_LIMITS_REQUESTS=9",
		"MILLRACE_LIMITS_STREAMS_PER_USER=2", "MILLRACE_LIMITS_STREAMS_PER_ADDRESS=3", "MILLRACE_LIMITS_BITRATE=6000k",
		"MILLRACE_LIMITS_VIEWERS_PER_STREAM=4", "MILLRACE_LIMITS_VIEWERS_PER_ADDRESS=6",
		"MILLRACE_FFMPEG_PATH=/opt/ffmpeg", "MILLRACE_DERIVE_MAX_PROCESSES=3", "MILLRACE_DERIVE_VIDEO_MODE=off",
		"MILLRACE_DERIVE_VIDEO_EXCEPT=live/*, cam", "MILLRACE_DERIVE_VIDEO_ENCODER=h264_nvenc", "MILLRACE_DERIVE_VIDEO_PRESET=p4",
		"MILLRACE_DERIVE_VIDEO_BITRATE=2500000", "MILLRACE_DERIVE_VIDEO_KEYFRAME_INTERVAL=0s", "MILLRACE_LOG_LEVEL=debug", "MILLRACE_LOG_FORMAT=json",
		"MILLRACE_NODE_ID=edge-1", "MILLRACE_NODE_REGION=eu", "MILLRACE_NODE_ROLE=edge", "MILLRACE_HTTP_ADVERTISE=https://edge.example",
		"MILLRACE_RELAY_ADDRESS=:0", "MILLRACE_RELAY_ADVERTISE=edge.example:4443, [2001:db8::1]:4443", "MILLRACE_CLUSTER_SECRET=sixteen or more!",
		"MILLRACE_CLUSTER_NATS_LISTEN=:4222", "MILLRACE_CLUSTER_NATS_ROUTE_LISTEN=:6223", "MILLRACE_CLUSTER_NATS_ROUTES=a:6222, b:6222,c:6222",
		"MILLRACE_CLUSTER_NATS_URL=", "MILLRACE_CLUSTER_NATS_REPLICAS=3", "MILLRACE_CLUSTER_REDIRECT=load",
		"MILLRACE_CLUSTER_NETWORKS=192.0.2.0/24=eu, 2001:db8::/32=us",
		"MILLRACE_RELAY_UDP=false", "MILLRACE_CLUSTER_MAX_CHILDREN=4", "MILLRACE_CLUSTER_LINGER=3s",
		"MILLRACE_HTTP_DOMAINS=live.example", "MILLRACE_HTTP_HSTS=1h", "MILLRACE_HTTP_CORS=https://a.example", "MILLRACE_HTTP_FRAME_ANCESTORS=https://b.example",
		"MILLRACE_HTTP_TRUSTED_PROXIES=10.0.0.0/8", "MILLRACE_HTTP_PROXY_HEADER=forwarded", "MILLRACE_HTTPS_ADDRESS=127.0.0.1:4",
		"MILLRACE_ACME_EMAIL=me@example", "MILLRACE_ACME_DIRECTORY=https://acme.example/d", "MILLRACE_ACME_STORAGE=/var/acme", "MILLRACE_ACME_ROOT=root.pem",
		"MILLRACE_TURN_ADDRESS=127.0.0.1:5", "MILLRACE_TURN_TLS_ADDRESS=127.0.0.1:6", "MILLRACE_TURN_REALM=realm", "MILLRACE_TURN_PUBLIC_IPS=192.0.2.7",
		"MILLRACE_TURN_ALLOCATIONS=10", "MILLRACE_TURN_PER_ADDRESS=11", "MILLRACE_TURN_PER_SESSION=12", "MILLRACE_TURN_BITRATE=1000000", "MILLRACE_TURN_LIFETIME=1h",
		"MILLRACE_METRICS_PER_STREAM=true", "MILLRACE_METRICS_MAX_STREAMS=50",
		"MILLRACE_TRACING_ENDPOINT=http://collector.example:4318", "MILLRACE_TRACING_SAMPLE=0.5", "MILLRACE_HOOKS={app: 'https://app.example/h'}",
		"MILLRACE_CLUSTER_CA=ca.pem", "MILLRACE_CLUSTER_CERTIFICATE=node.pem", "MILLRACE_CLUSTER_KEY=node.key",
	}
	if len(environ) != len(want.settings()) {
		t.Errorf("the test has %d settings, the table %d", len(environ), len(want.settings()))
	}
	for name, got := range map[string]func() (Config, []string){
		"file":        func() (Config, []string) { return load(t, yaml) },
		"environment": func() (Config, []string) { return load(t, "", environ...) },
		"environment over file": func() (Config, []string) {
			return load(t, "log: {level: error, format: text}\nhttp:\n  address: :99", environ...)
		},
	} {
		c, errs := got()
		if diff := cmp.Diff(want, c); diff != "" || errs != nil {
			t.Errorf("%s: %v\n%s", name, errs, diff)
		}
	}
}

func TestWhatIsWrongIsSaidWithItsPlace(t *testing.T) {
	for _, tc := range []struct {
		name    string
		yaml    string
		environ []string
		want    []string // each is a line's beginning
	}{
		{name: "empty", yaml: ""},
		{name: "only comments", yaml: "# nothing\n"},
		{name: "section without keys", yaml: "http:\n  # address: :80\n"},
		{
			name: "unknown section", yaml: "http:\n  address: :80\nrmtp:\n  address: :1\n",
			want: []string{`m.yaml:3:1: unknown key "rmtp"; there are: http, rtmp, rtmps, tls, webrtc, stream, sources, hooks, log`},
		},
		{
			name: "unknown key with a near one", yaml: "http:\n  addresss: :80\n",
			want: []string{`m.yaml:2:3: unknown key "http.addresss" (did you mean http.address?); there are: http.address`},
		},
		{
			name: "all of it at once", yaml: "log:\n  level: loud\n  format: xml\nrtmp:\n    max_message: 1TB\n    verbose: true\n",
			want: []string{
				`m.yaml:2:10: log.level: "loud" is not one of debug, info, warn, error`,
				`m.yaml:3:11: log.format: "xml" is not one of text, json`,
				`m.yaml:5:18: rtmp.max_message: "1TB" is no size`,
				`m.yaml:6:5: unknown key "rtmp.verbose"; there are: rtmp.address, rtmp.max_message`,
			},
		},
		{name: "a value where a section is", yaml: "http: ':80'\n", want: []string{`m.yaml:1:7: http must have keys below it: http.address`}},
		{name: "a section where a value is", yaml: "http:\n  address:\n    host: x\n", want: []string{`m.yaml:2:3: http.address: this must be a plain value`}},
		{name: "no value", yaml: "rtmp:\n  address:\n", want: []string{`m.yaml:2:3: rtmp.address: there is no value; write "" for none`}},
		{name: "a path as key", yaml: "http.address: ':80'\n", want: nil},
		{name: "twice", yaml: "log:\n  level: info\n  level: warn\n", want: []string{`m.yaml:3:3: mapping key "level" already defined`}},
		{name: "not YAML", yaml: "http: [\n", want: []string{`m.yaml:1:7: `}},
		{name: "a list as file", yaml: "- http\n", want: []string{`m.yaml:1:1: the file must have keys below it: http`}},
		{name: "two documents", yaml: "log:\n  level: info\n---\nlog:\n  level: warn\n", want: []string{`m.yaml:3:1: a second document`}},
		{name: "an alias", yaml: "log: &l\n  level: info\n", want: []string{`m.yaml:1:6: log must have keys below it`}},
		{name: "a bad list", yaml: "webrtc:\n  public_ips: [192.0.2.1, 192.0.2]\n", want: []string{`m.yaml:2:15: webrtc.public_ips: "192.0.2" is neither an IP address nor a host name`}},
		{name: "a nested list", yaml: "webrtc:\n  public_ips: [[192.0.2.1]]\n", want: []string{`m.yaml:2:15: webrtc.public_ips: this must be a plain value`}},
		{name: "an unspecified address", environ: []string{"MILLRACE_WEBRTC_PUBLIC_IPS=0.0.0.0"}, want: []string{`MILLRACE_WEBRTC_PUBLIC_IPS: "0.0.0.0" is no IP address`}},
		{name: "no host name", environ: []string{"MILLRACE_WEBRTC_PUBLIC_IPS=-a.example"}, want: []string{`MILLRACE_WEBRTC_PUBLIC_IPS: "-a.example" is neither`}},
		{name: "a TURN server without password", environ: []string{"MILLRACE_WEBRTC_ICE_SERVERS=turn:t.example"}, want: []string{`MILLRACE_WEBRTC_ICE_SERVERS: turn:t.example needs a user name and a password`}},
		{name: "a STUN server with one", yaml: "webrtc:\n  ice_servers: [stun:s.example a b]\n", want: []string{`m.yaml:2:16: webrtc.ice_servers: stun:s.example is a STUN server`}},
		{name: "no ICE server", environ: []string{"MILLRACE_WEBRTC_ICE_SERVERS=https://t.example"}, want: []string{`MILLRACE_WEBRTC_ICE_SERVERS: "https://t.example" is no ICE server`}},
		{name: "neither true nor false", yaml: "webrtc:\n  tcp: maybe\n", want: []string{`m.yaml:2:8: webrtc.tcp: "maybe" is neither true nor false`}},
		{name: "a port too many", yaml: "http:\n  address: 127.0.0.1:65536\n", want: []string{`m.yaml:2:12: http.address: "65536" is no port`}},
		{name: "no port", environ: []string{"MILLRACE_HTTP_ADDRESS=8080"}, want: []string{`MILLRACE_HTTP_ADDRESS: "8080" is no address`}},
		{name: "too small", environ: []string{"MILLRACE_STREAM_MAX_BYTES=1KiB"}, want: []string{`MILLRACE_STREAM_MAX_BYTES: 1KiB is out of range`}},
		{name: "too large to multiply", environ: []string{"MILLRACE_STREAM_MAX_BYTES=9223372036854775807GiB"}, want: []string{`MILLRACE_STREAM_MAX_BYTES: 9223372036854775807GiB is out of range`}},
		{name: "no duration", environ: []string{"MILLRACE_STREAM_LINGER=15"}, want: []string{`MILLRACE_STREAM_LINGER: "15" is no duration`}},
		{name: "negative", environ: []string{"MILLRACE_LIMITS_VIEWERS=-1"}, want: []string{`MILLRACE_LIMITS_VIEWERS: -1 is out of range`}},
		{
			name: "unknown variables", environ: []string{"MILLRACE_HTTP_ADDRESSS=:80", "MILLRACE_X=1", "MILLRACE=1"},
			want: []string{
				`unknown variable MILLRACE_HTTP_ADDRESSS (did you mean MILLRACE_HTTP_ADDRESS?); there are: MILLRACE_HTTP_ADDRESS, `,
				`unknown variable MILLRACE_X; there are: MILLRACE_HTTP_ADDRESS, `,
			},
		},
		{name: "nothing listens", yaml: "http: {address: ''}\nrtmp: {address: ''}\n", want: []string{`m.yaml:1:8: http.address and rtmp.address are both empty`}},
		{name: "viewers cannot join", yaml: "http: {address: ''}\n", want: []string{`m.yaml:1:8: webrtc.address needs http.address`}},
		{name: "one port for two", yaml: "rtmp: {address: ':8080'}\n", want: []string{`m.yaml:1:8: http.address and rtmp.address are both :8080`}},
		{name: "one port for WebRTC too", yaml: "webrtc: {address: ':8080'}\n", want: []string{`m.yaml:1:10: http.address and webrtc.address are both :8080, and both listen for TCP`}},
		{name: "one port for WebRTC too, but not of TCP", yaml: "webrtc: {address: ':8080', tcp: false}\n"},
		{name: "TLS without a certificate", yaml: "rtmps: {address: ':443'}\n", want: []string{"m.yaml:1:9: rtmps.address needs a certificate: set tls.certificate and tls.key"}},
		{name: "a certificate without key", yaml: "tls: {certificate: a.pem}\n", want: []string{"m.yaml:1:7: tls.certificate is set, but tls.key is not"}},
		{name: "a key without certificate", yaml: "tls: {key: a.pem}\n", want: []string{"m.yaml:1:7: tls.key is set, but tls.certificate is not"}},
		{name: "two free ports", yaml: "rtmp: {address: ':0'}\nhttp: {address: ':0'}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, got := load(t, tc.yaml, tc.environ...)
			if len(got) != len(tc.want) {
				t.Fatalf("got  %q\nwant %q", got, tc.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got  %s\nwant %s…", got[i], tc.want[i])
				}
			}
		})
	}
}

func TestNoSuchFile(t *testing.T) {
	if _, err := loadFile(filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestVariablesAreDistinct(t *testing.T) {
	c := Defaults()
	seen := map[string]string{}
	for _, s := range c.settings() {
		if other, twice := seen[EnvName(s.path)]; twice {
			t.Errorf("%s and %s share %s", s.path, other, EnvName(s.path))
		}
		seen[EnvName(s.path)] = s.path
	}
}
