package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fromPrometheus is a program of Prometheus: the machine's, or the one that
// .ci/prepare has unpacked.
func fromPrometheus(t *testing.T, name string) string {
	t.Helper()
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	unpacked, err := filepath.Abs("../../../.cache/prometheus/usr/bin/" + name)
	if err == nil {
		_, err = os.Stat(unpacked)
	}
	if err != nil {
		t.Fatalf("%s is not there: run .ci/prepare, or install Prometheus", name)
	}
	return unpacked
}

// promtool runs it, and wants it to have nothing to say against.
func promtool(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(withDeadline(t, patience), fromPrometheus(t, "promtool"), args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// deployed is the absolute path of a file of deploy/.
func deployed(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../../deploy/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// prometheus is a running server that reads a gateway's metrics every second.
type prometheus struct {
	t    *testing.T
	base string
}

func watchedBy(t *testing.T, g *gateway) *prometheus {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.64:0") // an address that nobody else here uses
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	err = os.WriteFile(config, fmt.Appendf(nil,
		"global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n- job_name: millrace\n  static_configs: [{targets: [%q]}]\n",
		deployed(t, "prometheus/alerts.yml"), g.http), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(fromPrometheus(t, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it ends by itself, or is killed below
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	p := &prometheus{t, "http://" + address}
	if err := poll(t.Context(), 2*patience, func() bool {
		s, _ := p.query(`count_over_time(up[1m]) >= 5`)
		return len(s) > 0
	}); err != nil {
		t.Fatal("Prometheus has not read the metrics five times")
	}
	return p
}

// get asks the API; the answer's data goes into what is given.
func (p *prometheus) get(path string, into any) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return nil
}

// query are the values of an expression now, NaN included.
func (p *prometheus) query(expr string) ([]float64, error) {
	var data struct {
		Result []struct{ Value [2]any }
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expr), &data); err != nil {
		return nil, err
	}
	var values []float64
	for _, r := range data.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			v = math.NaN()
		}
		values = append(values, v)
	}
	return values, nil
}
