package config

import (
	"fmt"
	"testing"
)

func TestTracingSettings(t *testing.T) {
	for text, ok := range map[string]bool{
		"http://collector:4318": true, "https://c.example/v1/traces": true, "": true,
		"collector:4317": false, "grpc://c": false, "http://user:secret@c": false,
	} {
		_, err := loadFile("", []string{"MILLRACE_TRACING_ENDPOINT=" + text})
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"0": true, "1": true, "0.05": true, "1.1": false, "-1": false, "NaN": false, "half": false} {
		c, err := loadFile("", []string{"MILLRACE_TRACING_SAMPLE=" + text})
		if (err == nil) != ok || ok && fmt.Sprint(c.Tracing.Sample) != text {
			t.Errorf("%q: %v, %v", text, c.Tracing.Sample, err)
		}
	}
}
