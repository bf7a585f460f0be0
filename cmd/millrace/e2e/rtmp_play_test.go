package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// packet is one of a recording's.
type packet struct {
	kind     string
	pts, dts float64 // seconds
	key      bool
}

// packetsOf reads a recording with ffprobe.
func packetsOf(t *testing.T, file string) []packet {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-of", "json",
		"-show_entries", "packet=codec_type,pts_time,dts_time,flags", file).Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	var all struct {
		Packets []struct {
			Kind  string `json:"codec_type"`
			PTS   string `json:"pts_time"`
			DTS   string `json:"dts_time"`
			Flags string
		}
	}
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	var packets []packet
	for _, p := range all.Packets {
		pts, _ := strconv.ParseFloat(p.PTS, 64)
		dts, _ := strconv.ParseFloat(p.DTS, 64)
		packets = append(packets, packet{p.Kind, pts, dts, strings.HasPrefix(p.Flags, "K")})
	}
	return packets
}

// record plays a URL for so many seconds of media into a file, as it comes.
func record(t *testing.T, url, seconds string) (file string, took time.Duration) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "played.flv")
	begun := time.Now()
	run(t, "-loglevel", "error", "-copyts", "-i", url, "-t", seconds, "-c", "copy", file)
	return file, time.Since(begun)
}

// TestPlayOverRTMP: what ffmpeg publishes over RTMP, with B-frames, it plays back
// over RTMP: from a keyframe and near zero on, whole, in order, and in step.
func TestPlayOverRTMP(t *testing.T) {
	t.Parallel()
	g := start(t)
	p := g.publish(toneClip, "live/a")
	g.waitLive("live/a")
	g.tracksOf("live/a", 2)
	file, _ := record(t, g.rtmpURL("live/a")+"?token=s3cret", "4")
	var video, audio []packet
	for _, one := range packetsOf(t, file) {
		if one.kind == "video" {
			video = append(video, one)
		} else {
			audio = append(audio, one)
		}
	}
	if len(video) < 100 || len(audio) < 140 {
		t.Fatalf("%d pictures and %d sounds in 4 s", len(video), len(audio))
	}
	if !video[0].key || video[0].dts > 0.1 || audio[0].dts > 0.2 {
		t.Errorf("begins with %+v and %+v", video[0], audio[0])
	}
	// Where the file begins anew there may be a step, and a machine that stood
	// still has made the player jump.
	const forgiven = 2
	reordered, gaps, twice := 0, 0, 0
	shown := map[int]int{}
	for i, one := range video {
		if i > 0 && one.dts <= video[i-1].dts {
			t.Errorf("DTS %v after %v", one.dts, video[i-1].dts)
		}
		if i > 0 && one.dts-video[i-1].dts > 0.05 {
			gaps++
		}
		if one.pts < one.dts {
			t.Errorf("shown at %v, decoded at %v", one.pts, one.dts)
		}
		if i > 0 && one.pts < video[i-1].pts {
			reordered++
		}
		shown[int(one.pts*30+0.5)]++
	}
	if reordered < 20 {
		t.Errorf("only %d pictures out of order: where are the B-frames?", reordered)
	}
	for _, n := range shown {
		twice += n - 1
	}
	for i := 1; i < len(audio); i++ {
		if d := audio[i].dts - audio[i-1].dts; d < 0.01 || d > 0.05 {
			gaps++
		}
	}
	if gaps > forgiven || twice > forgiven {
		t.Errorf("%d gaps, %d pictures at the time of another", gaps, twice)
	}
	decoded := playback(t, "3", "-i", file)
	if decoded.pictures < 80 || decoded.sounds < 120 || decoded.codecs != "h264 aac" || len(decoded.complaints) > 0 {
		t.Errorf("%+v", decoded)
	}
	first := time.Now()
	run(t, "-loglevel", "error", "-probesize", "32", "-analyzeduration", "0", "-i", g.rtmpURL("live/a"), "-frames:v", "1", "-an", "-f", "null", "-")
	atMost(t, "to the first decoded picture, ffmpeg's start included", time.Since(first), time.Second)
	p.running()
	for _, line := range []string{`"rtmp: player opened"`, `"rtmp: player closed"`} {
		if err := poll(t.Context(), patience, func() bool { return g.said(line) }); err != nil {
			t.Errorf("the log has no %s", line)
		}
	}
	if g.said("s3cret") {
		t.Error("the log has the credential")
	}
}

// TestPlayNothingOverRTMP: who asks for a stream that is not there is told so.
func TestPlayNothingOverRTMP(t *testing.T) {
	t.Parallel()
	g := start(t)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-i", g.rtmpURL("live/none"), "-f", "null", "-").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nobody publishes live/none now") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPlayAcrossAReturn: a publisher goes and comes back; its player stays and
// its clock runs on.
func TestPlayAcrossAReturn(t *testing.T) {
	t.Parallel()
	g := start(t)
	p := g.publish(toneClip, "live/a")
	g.waitLive("live/a")
	g.tracksOf("live/a", 2)
	file := filepath.Join(t.TempDir(), "played.flv")
	player := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "error", "-i", g.rtmpURL("live/a"), "-t", "10", "-c", "copy", "-y", file)
	if err := player.Start(); err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), patience, func() bool { return g.said(`"rtmp: player opened"`) }); err != nil {
		t.Fatal(err)
	}
	pass(t, time.Second)
	p.kill()
	g.publish(toneClip, "live/a")
	if err := player.Wait(); err != nil {
		t.Fatalf("the player: %v\n%s", err, g.tail())
	}
	last := 0.0
	for _, one := range packetsOf(t, file) {
		if one.kind != "video" {
			continue
		}
		if one.dts < last {
			t.Errorf("%v after %v", one.dts, last)
		}
		last = one.dts
	}
	if last < 9 {
		t.Errorf("the recording ends at %v s", last)
	}
}

// certificate makes files of a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("certificate.pem", "CERTIFICATE", public), write("key.pem", "PRIVATE KEY", secret)
}

// TestRTMPS: ffmpeg publishes and plays over TLS.
func TestRTMPS(t *testing.T) {
	t.Parallel()
	public, secret := certificate(t)
	g := start(t, "MILLRACE_RTMPS_ADDRESS=127.0.0.1:0", "MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret)
	at := g.listening("rtmps")
	url := "rtmps://" + at + "/live/tls"
	publisher := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-i", toneClip, "-c", "copy", "-f", "flv", url)
	if err := publisher.Start(); err != nil {
		t.Fatal(err)
	}
	g.tracksOf("live/tls", 2)
	if p := playback(t, "2", "-i", url); p.pictures < 50 || p.codecs != "h264 aac" {
		t.Errorf("%+v", p)
	}
	_ = publisher.Process.Kill()
	_ = publisher.Wait()
}

// listening is the address of a listener, from the log.
func (g *gateway) listening(what string) string {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, text := range g.logs {
		var line struct{ Msg, What, Address string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "listening" && line.What == what {
			return line.Address
		}
	}
	g.t.Fatalf("no listener for %s", what)
	return ""
}

// TestSourceOverRTMP: a gateway fetches from another one over RTMP, when somebody
// watches, and plays it on over RTMP.
func TestSourceOverRTMP(t *testing.T) {
	t.Parallel()
	origin := start(t)
	origin.publish(toneClip, "live/a")
	origin.tracksOf("live/a", 2)
	edge := start(t, fmt.Sprintf("MILLRACE_SOURCES={live/far: {url: 'rtmp://u:s3cret@%s/live/a?token=t0ken', on_demand: true}}", origin.rtmp))
	if p := playback(t, "2", "-i", edge.rtmpURL("live/far")); p.pictures < 50 || p.codecs != "h264 aac" {
		t.Errorf("%+v\n%s", p, edge.tail())
	}
	if edge.said("s3cret") || edge.said("t0ken") {
		t.Error("the log has the source's credentials")
	}
}

// TestSourceOverEnhancedRTMP: codecs that RTMP has no number for go from gateway to
// gateway by their FourCC, since the one that fetches says that it reads them. A
// player that does not say so gets what it can be given.
func TestSourceOverEnhancedRTMP(t *testing.T) {
	t.Parallel()
	origin := start(t)
	origin.publishRTSP("live/a", "tcp", strings.Fields("-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:bframes=0 -c:a libopus -ac 2")...)
	origin.tracksOf("live/a", 2)
	edge := start(t, fmt.Sprintf("MILLRACE_SOURCES={live/far: 'rtmp://%s/live/a'}", origin.rtmp))
	edge.tracksOf("live/far", 2)
	if p := edge.play("live/far", "tcp"); p.pictures < 25 || p.codecs != "hevc opus" || len(p.complaints) > 0 {
		t.Errorf("%+v\n%s", p, edge.tail())
	}
	// This ffmpeg announces nothing: no sound is left, and the picture is left out or derived.
	file := filepath.Join(t.TempDir(), "played.flv")
	player := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "error", "-i", origin.rtmpURL("live/a"), "-t", "1", "-c", "copy", "-y", file)
	if err := player.Start(); err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), patience, func() bool { return origin.said("track left out") && origin.said("fourCcList") }); err != nil {
		t.Errorf("the log does not say what is left out\n%s", origin.tail())
	}
	_ = player.Process.Kill()
	_ = player.Wait()
}
