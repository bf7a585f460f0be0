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

// tasks run side by side; the first that ends before its time ends all of them.
type tasks struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	running []string
	err     error
}

// errEnded is the cause of stopping when a task just returns.
var errEnded = errors.New("ended by itself")

func newTasks(parent context.Context) *tasks {
	ctx, cancel := context.WithCancelCause(parent)
	return &tasks{ctx: ctx, cancel: cancel}
}

func (t *tasks) start(one task) {
	t.mu.Lock()
	t.running = append(t.running, one.name)
	t.mu.Unlock()
	t.wg.Go(func() { t.ended(one.name, one.run(t.ctx)) })
}

// ended notes that a task is over, and why if that is news.
func (t *tasks) ended(name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = slices.DeleteFunc(t.running, func(n string) bool { return n == name })
	if t.ctx.Err() == nil {
		if err == nil {
			err = errEnded
		}
		t.err = fmt.Errorf("%s: %w", name, err)
		t.cancel(t.err)
	}
}

// wait returns when all tasks have ended, with the error of the one that made
// them. It gives up after the time and names those still running.
func (t *tasks) wait(most time.Duration) error {
	done := make(chan struct{})
	go func() { // ends with the tasks, or with the process that gave up on them
		t.wg.Wait()
		close(done)
	}()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		t.mu.Lock()
		defer t.mu.Unlock()
		return errors.Join(t.err, fmt.Errorf("not stopped after %s: %s", most, strings.Join(t.running, ", ")))
	}
	return t.err
}
