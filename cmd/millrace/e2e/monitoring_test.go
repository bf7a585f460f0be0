package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMonitoring has everything on that has metrics, and traffic on it, and reads
// it with Prometheus' own programs.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	const name = "live/measured"
	public, secret := certificate(t)
	g := node(t, "measured", "127.0.0.63", nil, "MILLRACE_METRICS_PER_STREAM=true",
		"MILLRACE_HOOKS={app: \"http://127.0.0.63:1/nobody\"}", "MILLRACE_TURN_ADDRESS=127.0.0.63:0",
		"MILLRACE_RTMPS_ADDRESS=127.0.0.63:0", "MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret)
	g.publish(zeroLatency, name)
	g.waitLive(name)
	viewer := g.watch(withDeadline(t, 6*patience), name)
	viewer.more(t, 5)
	read := func() string {
		resp, body := g.request(http.MethodGet, g.url("/metrics"), "", "")
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s\n%s", resp.Status, body)
		}
		return string(body)
	}
	t.Run("promtool", func(t *testing.T) {
		if out := promtool(t, strings.NewReader(read()), "check", "metrics"); out != "" {
			t.Errorf("promtool check metrics:\n%s", out)
		}
	})
	t.Run("documented", func(t *testing.T) { compareWithPage(t, read()) })
	p := watchedBy(t, g)
	t.Run("dashboard", func(t *testing.T) { p.shows(t, "grafana/millrace.json") })
	t.Run("alerts", func(t *testing.T) { p.knows(t, "prometheus/alerts.yml") })
}

// TestAlertRules runs the tests of the alerts, and sees that each alert has one.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	promtool(t, nil, "check", "config", deployed(t, "prometheus/prometheus.yml"))
	promtool(t, nil, "test", "rules", deployed(t, "prometheus/alerts_test.yml"))
	rules, tests := readFile(t, deployed(t, "prometheus/alerts.yml")), readFile(t, deployed(t, "prometheus/alerts_test.yml"))
	page := readFile(t, "../../../docs/monitoring.md")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 20 {
		t.Fatalf("%d alerts", len(alerts))
	}
	for _, a := range alerts {
		if !strings.Contains(tests, `alertname="`+a[1]+`"`) {
			t.Errorf("%s is not tested", a[1])
		}
		if !strings.Contains(page, "| `"+a[1]+"` |") {
			t.Errorf("docs/monitoring.md does not have %s", a[1])
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// compareWithPage wants every metric on the page, and every one of the page among
// the metrics.
func compareWithPage(t *testing.T, metrics string) {
	var there, written []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (millrace_\w+) `).FindAllStringSubmatch(metrics, -1) {
		there = append(there, m[1])
	}
	page := readFile(t, "../../../docs/monitoring.md")
	for _, row := range regexp.MustCompile("(?m)^\\| (`millrace_[^|]*) \\|").FindAllStringSubmatch(page, -1) {
		for _, m := range regexp.MustCompile("`(millrace_\\w+)`").FindAllStringSubmatch(row[1], -1) {
			written = append(written, m[1])
		}
	}
	for _, m := range there {
		if !slices.Contains(written, m) {
			t.Errorf("docs/monitoring.md does not have %s", m)
		}
	}
	for _, m := range written {
		if !slices.Contains(there, m) {
			t.Errorf("docs/monitoring.md has %s, which is no metric", m)
		}
	}
	for m := range strings.SplitSeq(metrics, "\n") {
		if strings.HasPrefix(m, "# HELP millrace_") && len(strings.Fields(m)) < 5 {
			t.Errorf("says little: %s", m)
		}
	}
}

// dashboard is what of a Grafana file matters here.
type dashboard struct {
	Title, UID string
	Panels     []struct {
		ID          int
		Type, Title string
		Datasource  struct{ UID string }
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct{ Expr string }
	}
	Templating struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

// shows evaluates every expression of a dashboard, which must give something.
func (p *prometheus) shows(t *testing.T, file string) {
	var d dashboard
	if err := json.Unmarshal([]byte(readFile(t, deployed(t, file))), &d); err != nil {
		t.Fatal(err)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name+" "+v.Type)
	}
	if want := []string{"datasource datasource", "node query", "stream query"}; !slices.Equal(variables, want) {
		t.Errorf("variables %q, wanted %q", variables, want)
	}
	filled := strings.NewReplacer("$__rate_interval", "10s", "$node", ".*", "$stream", ".*")
	ids, expressions := map[int]bool{}, 0
	for i, panel := range d.Panels {
		if ids[panel.ID] {
			t.Errorf("two panels have the number %d", panel.ID)
		}
		ids[panel.ID] = true
		for _, other := range d.Panels[:i] {
			a, b := panel.GridPos, other.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q lies over %q", panel.Title, other.Title)
			}
		}
		if panel.Type == "row" {
			continue
		}
		if panel.Datasource.UID != "${datasource}" || len(panel.Targets) == 0 {
			t.Errorf("%q asks %q for %d things", panel.Title, panel.Datasource.UID, len(panel.Targets))
		}
		for _, target := range panel.Targets {
			expressions++
			var err error
			if poll(t.Context(), patience, func() bool {
				var values []float64
				values, err = p.query(filled.Replace(target.Expr))
				return err != nil || len(values) > 0
			}) != nil || err != nil {
				t.Errorf("%q: no data, %v: %s", panel.Title, err, target.Expr)
			}
		}
	}
	if expressions < 50 {
		t.Errorf("only %d expressions", expressions)
	}
}

// knows wants every alert to be evaluated without a fault, and all that it is made
// of to be among the metrics.
func (p *prometheus) knows(t *testing.T, file string) {
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Query, Health, LastError string }
		}
	}
	var names []string
	if err := p.get("/api/v1/label/__name__/values", &names); err != nil {
		t.Fatal(err)
	}
	healthy := func() bool {
		if p.get("/api/v1/rules", &rules) != nil || len(rules.Groups) == 0 {
			return false
		}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if r.Health != "ok" {
					return false
				}
			}
		}
		return true
	}
	if err := poll(t.Context(), patience, healthy); err != nil {
		t.Errorf("%s: not all rules can be evaluated: %+v", file, rules)
	}
	metric := regexp.MustCompile(`\b((?:millrace|process|go)_\w+|up)\b`)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			for _, m := range metric.FindAllString(r.Query, -1) {
				if !slices.Contains(names, m) {
					t.Errorf("%s asks for %s, which is no metric", r.Name, m)
				}
			}
		}
	}
	if len(rules.Groups) == 0 || fmt.Sprint(names) == "" {
		t.Error("nothing was looked at")
	}
}
