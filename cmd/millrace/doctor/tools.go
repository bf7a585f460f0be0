package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"time"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
	"millrace/transmux/derive/ffmpeg"
)

// checkTools is about ffmpeg and the certificate.
func checkTools(ctx context.Context, cfg *config.Config) []diagnosis.Check {
	checks := []diagnosis.Check{checkFFmpeg(ctx, cfg)}
	if cfg.TLS.Certificate != "" {
		checks = append(checks, checkCertificate(cfg.TLS.Certificate, cfg.TLS.Key, time.Now()))
	}
	return checks
}

// checkFFmpeg looks for the program, and for what the gateway would use of it.
func checkFFmpeg(ctx context.Context, cfg *config.Config) diagnosis.Check {
	what := cfg.Derive.Room().FFmpeg
	program := ffmpeg.New(what, slog.New(slog.DiscardHandler))
	defer program.Close()
	return judgeFFmpeg(what.Path == ffmpeg.Off, program.Lacks(ffmpeg.H264), program.Lacks(ffmpeg.Opus), ffmpegVersion(ctx, what.Path))
}

// judgeFFmpeg says what comes of what it lacks of either encoder.
func judgeFFmpeg(off bool, video, audio, version string) diagnosis.Check {
	c := diagnosis.Check{ID: "ffmpeg", Area: areaTools, Verdict: diagnosis.OK, Title: "ffmpeg"}
	lacks := video
	if lacks == "" {
		lacks = audio
	} else if audio != "" && audio != video {
		lacks += "; " + audio
	}
	switch {
	case off:
		c.Seen = "Switched off (ffmpeg.path)."
		c.Why = "Pictures with B-frames lose them for browsers, and H.265, HE-AAC and surround sound are not played there."
	case lacks == "":
		c.Seen = "Version " + version + ", with encoders for H.264 and Opus."
	default:
		c.Verdict, c.Code, c.Seen = diagnosis.Warning, "ffmpeg", "It cannot be used for everything: "+lacks+"."
		c.Why = "Pictures with B-frames lose them for browsers, and H.265, HE-AAC and surround sound are not played there."
		c.Remedy = "Install it with libx264 and libopus (Debian, Ubuntu: apt install ffmpeg; Alpine: apk add ffmpeg), or name it with ffmpeg.path; " +
			"derive.video.encoder chooses another H.264 encoder. Or set ffmpeg.path to off if encoders send H.264 without B-frames and AAC-LC."
	}
	return c
}

// ffmpegVersion is the second word of its banner after "ffmpeg version".
func ffmpegVersion(ctx context.Context, path string) string {
	if path == ffmpeg.Off {
		return ""
	}
	if path == "" {
		path = "ffmpeg"
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	banner, err := exec.CommandContext(ctx, path, "-version").Output()
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(banner), "version ")
	version, _, _ := strings.Cut(rest, " ")
	return version
}

// soon is when a certificate should have been renewed: authorities give them for 90
// days, and who renews by itself does so with 30 left.
const soon = 14 * 24 * time.Hour

// checkCertificate reads both files as the listeners would.
func checkCertificate(certificate, key string, now time.Time) diagnosis.Check {
	c := diagnosis.Check{ID: "certificate", Area: areaTools, Verdict: diagnosis.OK, Title: "Certificate"}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		c.Verdict, c.Code, c.Seen = diagnosis.Bad, "certificate", err.Error()+"."
		c.Why = "The listeners over TLS do not start."
		c.Remedy = "tls.certificate is the PEM file of the certificate and its chain, tls.key that of its private key; both must be readable by the user that the gateway runs as, and belong together."
		return c
	}
	return judgeCertificate(c, pair.Leaf, now)
}

func judgeCertificate(c diagnosis.Check, leaf *x509.Certificate, now time.Time) diagnosis.Check {
	names := append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	c.Seen = fmt.Sprintf("For %s, from %s to %s.", strings.Join(names, ", "), leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly))
	const renew = "Have it renewed (certbot renew, or let the gateway get one itself: http.domains); the files are read again when they change."
	switch {
	case now.Before(leaf.NotBefore):
		c.Verdict, c.Code, c.Remedy = diagnosis.Bad, "certificate_early", "See that the machine's clock is right; else have one made that holds now."
		c.Why = "Browsers refuse it: it does not hold yet."
	case now.After(leaf.NotAfter):
		c.Verdict, c.Code, c.Why, c.Remedy = diagnosis.Bad, "certificate_expired", "Browsers refuse it: it has expired.", renew
	case leaf.NotAfter.Sub(now) < soon:
		c.Verdict, c.Code, c.Remedy = diagnosis.Warning, "certificate_expires", renew
		c.Why = fmt.Sprintf("It expires in %.0f days.", leaf.NotAfter.Sub(now).Hours()/24)
	case len(names) == 0:
		c.Verdict, c.Code, c.Seen = diagnosis.Warning, "certificate_nameless", "It names no host."
		c.Why, c.Remedy = "Browsers look for names in it (subjectAltName), not at its common name.", "Have one made for the host's name."
	}
	return c
}
