package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"millrace/transmux/access"
)

// longestPassword is what is read of a line, in bytes.
const longestPassword = 1024

type hashCommand struct {
	NewKey bool `help:"Make a random key, and print it and what to put into the configuration in its place."`
}

// Run is for kong.
func (c hashCommand) Run(p *process) error {
	if c.NewKey {
		key, digest := access.NewKey()
		_, err := fmt.Fprintf(p.stdout, "key            %s\nin auth.keys   %s\n", key, digest)
		return err
	}
	return hash(os.Stdin, p.stdout, p.stderr)
}

// hash reads a password and prints its hash.
func hash(in *os.File, out, prompt io.Writer) error {
	if quiet, err := hush(in); err == nil {
		_, _ = fmt.Fprint(prompt, "Password: ")
		defer func() {
			quiet()
			_, _ = fmt.Fprintln(prompt)
		}()
	}
	line, err := bufio.NewReader(io.LimitReader(in, longestPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	password := strings.TrimRight(line, "\r\n")
	switch {
	case password == "":
		return fmt.Errorf("there is no password on standard input\n%w", errUsage)
	case len(password) > longestPassword:
		return fmt.Errorf("the password is longer than %d characters\n%w", longestPassword, errUsage)
	}
	_, err = fmt.Fprintln(out, access.Hash(password))
	return err
}
