package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// task is something that runs until its context ends.
type task struct {
	name string
	run  func(ctx context.Context) error
}

// atEnd is a task that does nothing until its time has come.
func atEnd(name string, do func()) task {
	return task{name, func(ctx context.Context) error {
		<-ctx.Done()
		do()
		return nil
	}}
}

// errEnded is the cause of stopping when a task just returns.
var errEnded = errors.New("ended by itself")

// stage is a set of tasks that are stopped together.
type stage struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	running []string // guarded by mu
}

// start runs a task; failed hears of one that ends before its time.
func (s *stage) start(one task, failed chan<- error) {
	s.mu.Lock()
	s.running = append(s.running, one.name)
	s.mu.Unlock()
	s.wg.Go(func() {
		err := one.run(s.ctx)
		s.mu.Lock()
		s.running = slices.DeleteFunc(s.running, func(n string) bool { return n == one.name })
		s.mu.Unlock()
		if s.ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errEnded
		}
		failed <- fmt.Errorf("%s: %w", one.name, err)
	})
}

// runStages runs all tasks side by side until ctx ends or one of them ends by
// itself, whose error it returns. Then it stops the first stage, waits for it, and
// so on: what a later stage offers is there as long as an earlier one needs it.
// After the time it gives up and names the tasks still running.
func runStages(ctx context.Context, stages [][]task, most time.Duration) error {
	running := make([]*stage, len(stages))
	count := 0
	for _, tasks := range stages {
		count += len(tasks)
	}
	failed := make(chan error, count)
	for i := len(stages) - 1; i >= 0; i-- {
		s := &stage{}
		s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
		defer s.cancel()
		for _, one := range stages[i] {
			s.start(one, failed)
		}
		running[i] = s
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	late := time.NewTimer(most)
	defer late.Stop()
	for _, s := range running {
		s.cancel()
		if !s.wait(late.C) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return errors.Join(cause, fmt.Errorf("not stopped after %s: %s", most, strings.Join(s.running, ", ")))
		}
	}
	return cause
}

// wait reports whether all tasks ended before it was too late.
func (s *stage) wait(late <-chan time.Time) bool {
	done := make(chan struct{})
	go func() { // ends with the tasks, or with the process that gave up on them
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-late:
		return false
	}
}
