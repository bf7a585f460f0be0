package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/cmd/millrace/config"

	"github.com/goccy/go-yaml"
)

// documents reads a file of deploy/, which may hold several.
func documents(t *testing.T, name string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var one map[string]any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
}

// in follows keys, and indices of lists, into what was read.
func in(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				t.Fatalf("no %v", path)
			}
			v = l[step]
		}
	}
	return v
}

// settingsOf are the configuration that a node gets.
func settingsOf(t *testing.T, what string, environ []string) config.Config {
	t.Helper()
	r, err := (&config.Inputs{Environ: environ}).Read()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return r.Config
}

func TestComposeFile(t *testing.T) {
	file := documents(t, "compose.yaml")[0]
	services, _ := in(t, file, "services").(map[string]any)
	if len(services) != 5 {
		t.Fatalf("%d services", len(services))
	}
	for name, s := range services {
		if in(t, s, "profiles") != nil {
			continue // Prometheus and Grafana
		}
		environment, _ := in(t, s, "environment").(map[string]any)
		var environ []string
		for key, value := range environment {
			text, _ := value.(string)
			environ = append(environ, key+"="+fillIn(text))
		}
		c := settingsOf(t, name, environ)
		grace, _ := in(t, s, "stop_grace_period").(string)
		if d, err := time.ParseDuration(grace); err != nil || d < c.Shutdown.Drain+stopTimeout || c.Shutdown.Drain == 0 {
			t.Errorf("%s: it is killed after %s, and drains for %s", name, grace, c.Shutdown.Drain)
		}
		if c.Cluster.ID() != name || !c.Cluster.On() || !c.Auth.Said() {
			t.Errorf("%s: %+v", name, c.Cluster)
		}
	}
}

// TestComposeIsWatched wants the compose file's Prometheus to be the one of
// deploy/prometheus, but for the credential.
func TestComposeIsWatched(t *testing.T) {
	file := documents(t, "compose.yaml")[0]
	var inside map[string]any
	content, _ := in(t, file, "configs", "prometheus", "content").(string)
	if err := yaml.Unmarshal([]byte(content), &inside); err != nil {
		t.Fatal(err)
	}
	outside := documents(t, "prometheus/prometheus.yml")[0]
	for _, path := range [][]any{{"rule_files", 0}, {"scrape_configs", 0, "job_name"}, {"scrape_configs", 0, "static_configs", 0, "targets", 0}, {"scrape_configs", 0, "static_configs", 0, "targets", 2}} {
		if a, b := in(t, inside, path...), in(t, outside, path...); a == nil || a != b {
			t.Errorf("%v: %v in the compose file, %v in prometheus.yml", path, a, b)
		}
	}
	for _, name := range []string{"prometheus", "grafana-source", "grafana-dashboards"} {
		var one map[string]any
		content, _ := in(t, file, "configs", name, "content").(string)
		if err := yaml.Unmarshal([]byte(content), &one); err != nil || len(one) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fillIn replaces ${NAME:?words} by what serves as an address and as a secret.
func fillIn(text string) string {
	for {
		from, rest, found := strings.Cut(text, "${")
		if !found {
			return text
		}
		name, after, _ := strings.Cut(rest, "}")
		value := "0123456789abcdef"
		if strings.HasPrefix(name, "PUBLIC_IP") {
			value = "192.0.2.1"
		}
		text = from + value + after
	}
}

func TestKubernetesManifests(t *testing.T) {
	secrets, _ := in(t, documents(t, "kubernetes/secret.yaml")[0], "stringData").(map[string]any)
	services := map[string]bool{}
	for _, s := range documents(t, "kubernetes/services.yaml") {
		services[in(t, s, "metadata", "name").(string)] = true
	}
	for _, name := range []string{"origin", "edge"} {
		all := documents(t, "kubernetes/"+name+".yaml")
		if len(all) != 1 || in(t, all[0], "kind") != "StatefulSet" || !services[in(t, all[0], "spec", "serviceName").(string)] {
			t.Fatalf("%s: %v", name, all)
		}
		pod := in(t, all[0], "spec", "template", "spec")
		if in(t, pod, "enableServiceLinks") != false {
			t.Errorf("%s: Kubernetes makes variables that are no settings", name)
		}
		container := in(t, pod, "containers", 0)
		list, _ := in(t, container, "env").([]any)
		var environ []string
		for _, v := range list {
			key, _ := in(t, v, "name").(string)
			value, plain := in(t, v, "value").(string)
			secret, _ := in(t, v, "valueFrom", "secretKeyRef", "key").(string)
			switch {
			case !strings.HasPrefix(key, "MILLRACE_"):
				continue
			case plain:
				value = strings.ReplaceAll(value, "$(HOST_IP)", "192.0.2.1")
			case secret != "":
				held, known := secrets[secret].(string)
				if !known {
					t.Errorf("%s: there is no secret %s", name, secret)
				}
				value = strings.ReplaceAll(held, `""`, `"0123456789abcdef"`)
				if value == "" {
					value = "0123456789abcdef"
				}
			default:
				value = "millrace-0"
			}
			environ = append(environ, key+"="+value)
		}
		c := settingsOf(t, name, environ)
		if c.Cluster.Node.Role != name || !c.Cluster.On() || !c.Auth.Said() {
			t.Errorf("%s: %+v", name, c.Cluster)
		}
		grace, _ := in(t, pod, "terminationGracePeriodSeconds").(uint64)
		if time.Duration(grace)*time.Second < c.Shutdown.Drain+stopTimeout || c.Shutdown.Drain == 0 {
			t.Errorf("%s: it is killed after %d s, and drains for %s", name, grace, c.Shutdown.Drain)
		}
		for probe, path := range map[string]string{"startupProbe": "/healthz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"} {
			if in(t, container, probe, "httpGet", "path") != path {
				t.Errorf("%s: no %s of %s", name, probe, path)
			}
		}
	}
}
