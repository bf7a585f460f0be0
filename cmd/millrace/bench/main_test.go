package bench

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// workshop is a folder for the whole run.
var workshop string

// executable is the real millrace, built when the first test asks for it: it is
// the server that is measured, and the viewers' processes.
var executable = sync.OnceValues(func() (string, error) {
	file := filepath.Join(workshop, "millrace")
	build := exec.Command("go", "build", "-o", file, "millrace/cmd/millrace")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	var err error
	if workshop, err = os.MkdirTemp("", "millrace-bench"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(workshop)
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
