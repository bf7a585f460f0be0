package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
	"millrace/transmux/rtc/port"
)

// found wants a verdict, and its remedy if it is no good one.
func found(t *testing.T, c diagnosis.Check, want diagnosis.Verdict, words ...string) {
	t.Helper()
	if c.Verdict != want || c.Title == "" || c.Seen == "" || c.ID == "" {
		t.Errorf("wanted %s: %+v", want, c)
	}
	if trouble := want == diagnosis.Warning || want == diagnosis.Bad; trouble && (c.Code == "" || c.Remedy == "") {
		t.Errorf("without a remedy: %+v", c)
	}
	for _, w := range words {
		if !strings.Contains(c.Seen+" "+c.Why+" "+c.Remedy, w) {
			t.Errorf("no %q in %+v", w, c)
		}
	}
}

func TestDoctorsJudgements(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	leaf := func(from, to time.Duration, names ...string) *x509.Certificate {
		return &x509.Certificate{NotBefore: now.Add(from), NotAfter: now.Add(to), DNSNames: names}
	}
	const day = 24 * time.Hour
	addrs := func(texts ...string) (list []netip.Addr) {
		for _, text := range texts {
			list = append(list, netip.MustParseAddr(text))
		}
		return list
	}
	for name, tc := range map[string]struct {
		check diagnosis.Check
		want  diagnosis.Verdict
		words string
	}{
		"buffers granted":     {judgeBuffer("receive", "rmem", port.SocketBuffer, nil), diagnosis.OK, "4096 KiB"},
		"buffers too small":   {judgeBuffer("send", "wmem", 208<<10, nil), diagnosis.Warning, "net.core.wmem_max=4194304"},
		"buffers unknown":     {judgeBuffer("send", "wmem", 0, errors.ErrUnsupported), diagnosis.Unknown, ""},
		"files":               {judgeFiles(50_000, true, 42_000), diagnosis.OK, "50000"},
		"few files":           {judgeFiles(1024, true, 42_000), diagnosis.Warning, "LimitNOFILE=42000"},
		"files unknown":       {judgeFiles(0, false, 1), diagnosis.Unknown, ""},
		"segments":            {judgeOffload("udp_segment", "x", true), diagnosis.OK, ""},
		"no segments":         {judgeOffload("udp_segment", "x", false), diagnosis.Warning, "Linux"},
		"no AES":              {judgeAES(false, "amd64"), diagnosis.Warning, "-cpu host"},
		"NTP":                 {judgeClock(now, clocks{true, true, 20 * time.Millisecond}), diagnosis.OK, "off by 20ms at most"},
		"no NTP":              {judgeClock(now, clocks{true, false, 0}), diagnosis.Warning, "chrony"},
		"NTP far away":        {judgeClock(now, clocks{true, true, 3 * time.Second}), diagnosis.Warning, "3s"},
		"1970":                {judgeClock(time.Unix(0, 0), clocks{true, true, 0}), diagnosis.Bad, "NTP"},
		"unknown clock":       {judgeClock(now, clocks{}), diagnosis.OK, "not known"},
		"public":              {judgeCandidates(addrs("203.0.113.7", "10.0.0.1"), nil, false, false), diagnosis.OK, "anywhere"},
		"private":             {judgeCandidates(addrs("10.0.0.1"), nil, false, false), diagnosis.OK, "webrtc.public_ips"},
		"loopback":            {judgeCandidates(addrs("127.0.0.1"), nil, false, false), diagnosis.Warning, ":8000"},
		"container":           {judgeCandidates(addrs("172.17.0.2"), nil, false, true), diagnosis.Warning, "-p 8000:8000/udp"},
		"container, told":     {judgeCandidates(addrs("172.17.0.2"), nil, true, true), diagnosis.OK, "172.17.0.2"},
		"no such address":     {judgeCandidates(nil, errors.New("cannot assign"), false, false), diagnosis.Bad, "webrtc.address"},
		"ffmpeg":              {judgeFFmpeg(false, "", "", "7.1"), diagnosis.OK, "7.1"},
		"ffmpeg is off":       {judgeFFmpeg(true, "x", "x", ""), diagnosis.OK, "off"},
		"no ffmpeg":           {judgeFFmpeg(false, "it is not there", "it is not there", ""), diagnosis.Warning, "apt install ffmpeg"},
		"no libx264":          {judgeFFmpeg(false, "no libx264", "", "7.1"), diagnosis.Warning, "no libx264."},
		"certificate":         {judgeCertificate(blank("certificate"), leaf(-day, 60*day, "a.example"), now), diagnosis.OK, "a.example"},
		"expired":             {judgeCertificate(blank("certificate"), leaf(-90*day, -day, "a.example"), now), diagnosis.Bad, "expired"},
		"not yet":             {judgeCertificate(blank("certificate"), leaf(day, 90*day, "a.example"), now), diagnosis.Bad, "clock"},
		"expires":             {judgeCertificate(blank("certificate"), leaf(-80*day, 10*day, "a.example"), now), diagnosis.Warning, "10 days"},
		"certificate of none": {judgeCertificate(blank("certificate"), leaf(-day, 60*day), now), diagnosis.Warning, "subjectAltName"},
		"no such files":       {checkCertificate("none.pem", "none.key", now), diagnosis.Bad, "tls.certificate"},
		"not running":         {running{}.checks()[0], diagnosis.OK, "None"},
		"running":             {running{"http://x", "1.2", 200}.checks()[0], diagnosis.OK, "1.2"},
		"draining":            {running{"http://x", "1.2", 503}.checks()[0], diagnosis.Warning, "503"},
	} {
		t.Run(name, func(t *testing.T) { found(t, tc.check, tc.want, tc.words) })
	}
}

func blank(id string) diagnosis.Check {
	return diagnosis.Check{ID: id, Area: areaTools, Verdict: diagnosis.OK, Title: id}
}

func TestDoctorAtTheDoors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := listening{"rtmp.address", "tcp", l.Addr().String()}
	found(t, checkDoor(t.Context(), taken, false), diagnosis.Bad, "something else listens", "MILLRACE_RTMP_ADDRESS")
	found(t, checkDoor(t.Context(), taken, true), diagnosis.OK, "the gateway that runs here")
	found(t, checkDoor(t.Context(), listening{"webrtc.address", "udp", "127.0.0.1:0"}, true), diagnosis.OK, "Free")
	found(t, checkPeer(t.Context(), taken.address), diagnosis.OK)
	_ = l.Close()
	found(t, checkDoor(t.Context(), taken, false), diagnosis.OK, "Free")
	found(t, checkDoor(t.Context(), taken, true), diagnosis.Warning, "another configuration")
	found(t, checkPeer(t.Context(), taken.address), diagnosis.Bad, "/tcp is open")
}

func TestDoctorLooksNamesUp(t *testing.T) {
	found(t, checkName(t.Context(), "a.example", func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }), diagnosis.OK, "192.0.2.1")
	found(t, checkName(t.Context(), "b.example", func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }), diagnosis.Bad, "no such host")

	read, err := (&config.Inputs{Environ: []string{
		"MILLRACE_WEBRTC_PUBLIC_IPS=203.0.113.7, media.example",
		"MILLRACE_WEBRTC_ICE_SERVERS=stun:stun.example:3478, turn:turn.example?transport=tcp user word",
		`MILLRACE_SOURCES={live/door: "rtsp://camera.example/x"}`,
		"MILLRACE_CLUSTER_NATS_URL=nats://user:word@nats.example:4222", "MILLRACE_CLUSTER_SECRET=0123456789abcdef",
	}}).Read()
	if err != nil {
		t.Fatal(err)
	}
	cfg := read.Config
	want := []string{"media.example", "stun.example", "turn.example", "camera.example", "nats.example"}
	if got := hostNames(&cfg); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := nodePeers(&cfg); !slices.Equal(got, []string{"nats.example:4222"}) {
		t.Errorf("%q", got)
	}
}

func TestDoctorFindsWhatRuns(t *testing.T) {
	ready := http.StatusOK
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/server":
			_, _ = w.Write([]byte(`{"version":"9.9","webrtc_port":0}`))
		case "/readyz":
			w.WriteHeader(ready)
		}
	}))
	defer site.Close()
	cfg := config.Defaults()
	cfg.HTTP.Address = site.Listener.Addr().String()
	if r := findRunning(t.Context(), &cfg); r.version != "9.9" || r.ready != http.StatusOK {
		t.Errorf("%+v", r)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	cfg.HTTP.Address = other.Listener.Addr().String()
	if r := findRunning(t.Context(), &cfg); r.there() {
		t.Errorf("took a stranger for one of ours: %+v", r)
	}
	for address, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "[::]:80": "http://127.0.0.1:80", "192.0.2.1:80": "http://192.0.2.1:80", "": "", ":0": "",
	} {
		if got := ownURL(address); got != want {
			t.Errorf("%q is at %q, want %q", address, got, want)
		}
	}
}
