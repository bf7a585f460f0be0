// Command millrace is the gateway: it takes live streams in and shows them in
// browsers. This room wires the others together by the configuration; it must not
// know what any of them does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"millrace/cmd/millrace/config"
	"millrace/cmd/millrace/doctor"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// commands is the command line.
type commands struct {
	Config   string `help:"Configuration in YAML; each key is also an environment variable (http.address is MILLRACE_HTTP_ADDRESS)." placeholder:"FILE"`
	LogLevel string `help:"debug, info, warn or error; goes over log.level." placeholder:"LEVEL"`

	Serve   serveCommand   `cmd:"" default:"1" help:"Take streams in and show them (this is what it does without a command)."`
	Demo    demoCommand    `cmd:"" help:"Serve, and publish a bundled clip as live/demo, so that there is something to watch at once."`
	Hash    hashCommand    `cmd:"" help:"Read a password from standard input and print what to put into the configuration in its place."`
	Check   checkCommand   `cmd:"" help:"Read the configuration, say what is wrong with it, and end."`
	Doctor  doctorCommand  `cmd:"" help:"Look at this machine with the gateway's configuration, and say what is in its way."`
	Bench   benchCommand   `cmd:"" help:"Measure what viewers cost, and how late they are."`
	Version versionCommand `cmd:"" help:"Say which version this is."`
}

// process is what a command gets from the world around it.
type process struct {
	environ        []string
	stdout, stderr io.Writer
}

// The ways a run can end.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2 // the command line or the configuration is wrong
)

// errUsage marks errors that the user puts right before anything runs.
var errUsage = errors.New("millrace: see millrace --help and the settings in README.md")

func run(args, environ []string, stdout, stderr io.Writer) int {
	var cmds commands
	exit := -1
	parser, err := kong.New(&cmds,
		kong.Name("millrace"),
		kong.Description("Low-latency live streaming: OBS in, browsers out."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	chosen, err := parser.Parse(args)
	if exit >= 0 { // --help has been answered
		return exit
	}
	if err == nil {
		err = chosen.Run(&cmds, &process{environ: environ, stdout: stdout, stderr: stderr})
	} else {
		err = fmt.Errorf("%w\n%w", err, errUsage)
	}
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintln(stderr, err)
		return exitUsage
	default:
		_, _ = fmt.Fprintln(stderr, "millrace:", err)
		return exitError
	}
}

// inputs are what the configuration is read from.
func (c *commands) inputs(p *process) *config.Inputs {
	return &config.Inputs{File: c.Config, Environ: p.environ, Level: c.LogLevel}
}

// load reads the configuration, the flags over it.
func (c *commands) load(p *process) (config.Config, error) {
	r, err := c.read(p)
	return r.Config, err
}

// read is load with where each value comes from.
func (c *commands) read(p *process) (*config.Reading, error) {
	r, err := c.inputs(p).Read()
	if err != nil {
		err = fmt.Errorf("%w\n%w", err, errUsage)
	}
	return r, err
}

// open reads the configuration and puts a gateway together by it, which reads it
// anew when it is told to. release ends the waiting for signals.
func (c *commands) open(p *process, possible func(config.Config) error) (g *gateway, ctx context.Context, release func(), err error) {
	r, err := c.read(p)
	if err != nil {
		return nil, nil, nil, err
	}
	if possible != nil {
		if err := possible(r.Config); err != nil {
			return nil, nil, nil, fmt.Errorf("%w\n%w", err, errUsage)
		}
	}
	level := new(slog.LevelVar)
	level.Set(r.Level())
	log := newLogAt(level, r.Log.Format, p.stderr)
	hangups := untilHangup()
	ctx, release = untilSignal(log)
	if g, err = open(r.Config, log); err != nil {
		release()
		return nil, nil, nil, err
	}
	doctor.CheckFiles(&r.Config, log)
	g.reloads(c.inputs(p), r, level, hangups)
	return g, ctx, release, nil
}

type serveCommand struct{}

// Run is for kong.
func (serveCommand) Run(c *commands, p *process) error {
	g, ctx, release, err := c.open(p, nil)
	if err != nil {
		return err
	}
	defer release()
	if g.key != "" {
		explainKey(p.stdout, g.key, g.listeners)
	}
	return g.run(ctx)
}

type demoCommand struct{}

// Run is for kong.
func (demoCommand) Run(c *commands, p *process) error {
	g, ctx, release, err := c.open(p, demoPossible)
	if err != nil {
		return err
	}
	defer release()
	explainDemo(p.stdout, g.listeners, g.key)
	return g.run(ctx, demoTask(g.listeners, g.demoTicket(), g.log))
}

type versionCommand struct{}

// Run is for kong.
func (versionCommand) Run(p *process) error {
	_, err := fmt.Fprintf(p.stdout, "millrace %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
