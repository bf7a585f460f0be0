package reload

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"millrace/cmd/millrace/config"
	"millrace/transmux/journal"
)

// reloading is a Reloader of a file, and what its parts were told.
type reloading struct {
	*Reloader
	t    *testing.T
	file string
	told []string
}

func newReloading(t *testing.T, yaml string) *reloading {
	r := &reloading{t: t, file: filepath.Join(t.TempDir(), "m.yaml")}
	r.write(yaml)
	in := &config.Inputs{File: r.file}
	now, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	r.Reloader = New(now.Config, journal.New("a", journal.DefaultKeep), slog.New(slog.DiscardHandler))
	r.Begin(in, now)
	return r
}

func (r *reloading) write(yaml string) {
	r.t.Helper()
	if err := os.WriteFile(r.file, []byte(yaml), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// takes adds a part that refuses what fails says.
func (r *reloading) takes(name string, fails error, keys ...string) {
	r.Add(func(_, _ *config.Config) (func(), error) {
		r.told = append(r.told, name+" prepares")
		return func() { r.told = append(r.told, name+" commits") }, fails
	}, keys...)
}

// TestAllOrNothing: nothing is put in force before every part is ready for it.
func TestAllOrNothing(t *testing.T) {
	r := newReloading(t, "limits: {viewers: 5}\n")
	r.takes("limits", nil, "limits.")
	r.takes("log", nil, "log.level")
	r.write("limits: {viewers: 6}\nlog: {level: warn}\n")
	r.again()
	if want := []string{"limits prepares", "log prepares", "limits commits", "log commits"}; !slices.Equal(r.told, want) {
		t.Errorf("the parts were told %q", r.told)
	}
	r.takes("a broken one", errors.New("no"), "stream.linger")
	r.told = nil
	r.write("limits: {viewers: 7}\n")
	r.again()
	if slices.ContainsFunc(r.told, func(s string) bool { return strings.HasSuffix(s, "commits") }) || r.now.Limits.Viewers != 6 {
		t.Errorf("%q, with %d viewers in force", r.told, r.now.Limits.Viewers)
	}
	if done, refused := r.Counts(); done != 1 || refused != 1 {
		t.Errorf("%d done, %d refused", done, refused)
	}
}

// TestOnlyWhatAPartTakes can be changed; the others need a restart.
func TestOnlyWhatAPartTakes(t *testing.T) {
	r := newReloading(t, "")
	r.takes("limits", nil, "limits.")
	next := "limits: {viewers: 6}\nstream: {linger: 1m}\n"
	if _, err := r.Replace([]byte(next), "", false); err == nil || !strings.Contains(err.Error(), "stream.linger") || len(r.told) > 0 {
		t.Errorf("%v, and the parts were told %q", err, r.told)
	}
	_, before := r.Settings()
	if change, err := r.Replace([]byte("limits: {viewers: 6}\n"), before, false); err != nil || len(change.Changed) != 1 {
		t.Errorf("%v %+v", err, change)
	}
	if _, err := r.Replace([]byte("limits: {viewers: 8}\n"), before, false); err == nil {
		t.Error("somebody was first, and was written over")
	}
}
