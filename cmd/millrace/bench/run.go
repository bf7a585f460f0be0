package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

const (
	// scraping bounds one look at /metrics.
	scraping = 5 * time.Second
	// gop is the usual distance of keyframes.
	gop = 2 * time.Second
)

// run is a measurement under way: a server, a publisher, viewers.
type run struct {
	b      *Bench
	source *Source
	at     target
	server *server // nil where it is not ours
	// publishers are one a stream, none where somebody else publishes.
	publishers []*publisher
	client     *http.Client
	crews      []*crew
}

// start makes everything but the viewers.
func (b *Bench) start(ctx context.Context, s *Source, c *clip) (*run, error) {
	r := &run{
		b: b, source: s, at: target{whep: s.WHEP, rtmp: s.RTMP, pid: s.ServerPID},
		// One that keeps no connection: it would be a goroutine at the server.
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: scraping},
	}
	if s.WHEP == "" {
		var err error
		if r.server, err = b.startServer(ctx); err != nil {
			return nil, fmt.Errorf("bench: %w", err)
		}
		r.at = r.server.target()
		b.say("server %d at %s", r.at.pid, r.at.whep)
	}
	if r.at.rtmp != "" {
		streams := max(s.Streams, 1)
		for i := range streams {
			// Their keyframes are spread over a GOP, as those of strangers are.
			after := time.Duration(i) * gop / time.Duration(streams)
			r.publishers = append(r.publishers, publish(ctx, nth(r.at.rtmp, i), c, s.MarkEvery, after))
		}
	}
	return r, nil
}

// newCrew starts viewers' processes, without viewers yet.
func (r *run) newCrew(ctx context.Context, size int, crowd *Crowd) (*crew, error) {
	c, err := r.b.newCrew(ctx, size, order{WHEP: r.at.whep, Streams: r.source.Streams, Plain: crowd.Plain, Eager: crowd.Eager, Every: r.source.MarkEvery})
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r.crews = append(r.crews, c)
	return c, nil
}

// nth is the address of the i-th of several streams.
func nth(address string, i int) string {
	if i == 0 {
		return address
	}
	return fmt.Sprintf("%s-%d", address, i+1)
}

// stop ends what start and newCrew began: the viewers first, who say goodbye.
func (r *run) stop() error {
	var errs []error
	for _, c := range r.crews {
		errs = append(errs, c.close())
	}
	for _, p := range r.publishers {
		errs = append(errs, p.stop())
	}
	if r.server != nil {
		errs = append(errs, r.server.stop())
	}
	return errors.Join(errs...)
}

// sample is what is known of the server, the machine and ourselves at a moment.
type sample struct {
	at      time.Time
	server  usage
	tool    time.Duration // CPU time of the viewers' processes and this one
	busy    time.Duration // the machine's
	metrics map[string]float64
}

// sample looks. CPU times are read last, so that looking is in none of them.
func (r *run) sample(ctx context.Context) (sample, error) {
	for _, p := range r.publishers {
		if err := p.failed(); err != nil {
			return sample{}, fmt.Errorf("bench: %w", err)
		}
	}
	var s sample
	// A server without metrics has the rest.
	s.metrics, _ = scrape(ctx, r.client, r.at.whep)
	s.busy, _ = machineBusy()
	s.tool = r.toolTime()
	if r.at.pid != 0 {
		var err error
		if s.server, err = usageOf(r.at.pid); err != nil {
			return s, fmt.Errorf("bench: the server's process: %w", err)
		}
	}
	s.at = time.Now()
	return s, nil
}

// toolTime is the CPU time of all our processes.
func (r *run) toolTime() (sum time.Duration) {
	pids := []int{os.Getpid()}
	for _, c := range r.crews {
		for _, m := range c.members {
			pids = append(pids, m.cmd.Process.Pid)
		}
	}
	for _, pid := range pids {
		if used, err := usageOf(pid); err == nil { // where there is no /proc it stays zero
			sum += used.cpu
		}
	}
	return sum
}

// finish stops everything. An interruption is the cause of all else.
func (r *run) finish(ctx context.Context, err error) error {
	err = errors.Join(err, r.stop())
	if ctx.Err() != nil {
		return fmt.Errorf("bench: %w", context.Cause(ctx))
	}
	return err
}

// window is what happened between two looks.
type window struct {
	before, after sample
	tally         tally  // the marks of the window
	counts        counts // of the window
}

// watch measures for a while; meanwhile, if anything, happens beside it.
func (r *run) watch(ctx context.Context, c *crew, meanwhile func() error) (*window, error) {
	w := &window{}
	first, err := c.ask(ctx, order{Do: doBegin})
	if err != nil {
		return nil, err
	}
	if w.before, err = r.sample(ctx); err != nil {
		return nil, err
	}
	if err := meanwhile(); err != nil {
		return nil, err
	}
	if w.after, err = r.sample(ctx); err != nil {
		return nil, err
	}
	if w.tally, err = c.ask(ctx, order{Do: doCount}); err != nil {
		return nil, err
	}
	w.counts = w.tally.Counts.since(first.Counts)
	return w, nil
}

func (w *window) length() time.Duration { return w.after.at.Sub(w.before.at) }

// metric is by how much one has grown; false where the server does not tell.
func (w *window) metric(name string) (float64, bool) {
	before, ok1 := w.before.metrics[name]
	after, ok2 := w.after.metrics[name]
	return after - before, ok1 && ok2
}

// tool is the CPU time that the load tool took.
func (w *window) tool() time.Duration { return w.after.tool - w.before.tool }

// others is the CPU time that went to neither server nor tool.
func (w *window) others() time.Duration {
	return w.after.busy - w.before.busy - (w.after.server.cpu - w.before.server.cpu) - w.tool()
}
