package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// endings notes in which order things end.
type endings struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (j *endings) ends(name string) task {
	return atEnd(name, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, name)
	})
}

func TestStagesStopInOrder(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var j endings
	started := make(chan struct{})
	stages := [][]task{
		{{"starter", func(ctx context.Context) error { close(started); <-ctx.Done(); return nil }}},
		{j.ends("viewers")},
		nil,
		{j.ends("transport")},
		{j.ends("port")},
	}
	ended := make(chan error, 1)
	go func() { ended <- runStages(ctx, stages, time.Minute) }()
	<-started
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := []string{"viewers", "transport", "port"}; !slices.Equal(j.lines, want) {
		t.Errorf("ended in the order %v, want %v", j.lines, want)
	}
}

func TestATaskThatFailsStopsAll(t *testing.T) {
	broken := errors.New("broken pipe")
	for name, tc := range map[string]struct{ err, want error }{
		"with an error":    {broken, broken},
		"without an error": {nil, errEnded},
	} {
		var j endings
		err := runStages(t.Context(), [][]task{
			{j.ends("doors")},
			{{"wheel", func(context.Context) error { return tc.err }}},
		}, time.Minute)
		if !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "wheel: ") {
			t.Errorf("%s: %v", name, err)
		}
		if len(j.lines) != 1 {
			t.Errorf("%s: the others were not stopped", name)
		}
	}
}

func TestWhatDoesNotStopIsNamed(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	release := make(chan struct{})
	defer close(release)
	err := runStages(ctx, [][]task{{
		atEnd("good", func() {}),
		atEnd("stuck", func() { <-release }),
	}}, 10*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "not stopped after 10ms: stuck") {
		t.Errorf("got %v", err)
	}
}
