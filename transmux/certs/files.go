package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxFile bounds what is read of a file, bytes: chains have some kilobytes.
const maxFile = 1 << 20

// files is a certificate in two files.
type files struct {
	cfg   Config
	stats *counters
	log   *slog.Logger
	now   atomic.Pointer[tls.Certificate]

	mu      sync.Mutex // of the looking
	stamp   string     // of the files that were read last
	used    [sha256.Size]byte
	refused [sha256.Size]byte // what has been complained about
	trouble [sha256.Size]byte // what was wrong once: a half that was written before the other
}

func newFiles(cfg Config, stats *counters, log *slog.Logger) (*files, error) {
	if cfg.Every <= 0 {
		cfg.Every = DefaultEvery
	}
	f := &files{cfg: cfg, stats: stats, log: log}
	f.stamp = f.look()
	pair, sum, err := f.read()
	if err != nil {
		return nil, err
	}
	if err := usable(pair.Leaf, time.Now()); err != nil {
		log.Warn("tls: clients will refuse the certificate", "file", cfg.Certificate, "cause", err)
	}
	f.now.Store(pair)
	f.used = sum
	return f, nil
}

func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.now.Load(), nil }

func (f *files) expiry() time.Time { return f.now.Load().Leaf.NotAfter }

func (f *files) serve(ctx context.Context) error {
	ticker := time.NewTicker(f.cfg.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f.poll()
		case <-ctx.Done():
			return nil
		}
	}
}

// poll looks for new files. What is wrong with them is said when it is still so the next
// time: between the two halves of a renewal they do not fit.
func (f *files) poll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamp := f.look()
	if stamp == f.stamp && f.trouble == f.refused {
		return
	}
	f.stamp = stamp
	sum, err := f.try()
	switch {
	case err == nil:
		f.trouble, f.refused = [sha256.Size]byte{}, [sha256.Size]byte{}
	case sum != f.trouble:
		f.trouble = sum
	case sum != f.refused:
		f.refused = sum
		f.stats.failed.Add(1)
		f.log.Error("tls: the new certificate is not used, the old one stays", "cause", err, "expires", f.expiry())
	}
}

func (f *files) reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stamp = f.look()
	sum, err := f.try()
	if err != nil {
		f.trouble, f.refused = sum, sum // said by whoever asked
		f.stats.failed.Add(1)
	}
	return err
}

// try takes what is in the files into use, if it is new and good. The sum is of what was
// there, or of what was wrong.
func (f *files) try() ([sha256.Size]byte, error) {
	pair, sum, err := f.read()
	if err == nil && sum == f.used {
		return sum, nil
	}
	if err == nil {
		if err = usable(pair.Leaf, time.Now()); err != nil {
			err = fmt.Errorf("tls.certificate (%s): %w", f.cfg.Certificate, err)
		}
	}
	if err != nil {
		return sha256.Sum256(append(sum[:], err.Error()...)), err
	}
	f.now.Store(pair)
	f.used = sum
	f.stats.changed.Add(1)
	f.log.Info("tls: a new certificate is in use", "names", strings.Join(pair.Leaf.DNSNames, " "), "expires", pair.Leaf.NotAfter)
	return sum, nil
}

// look is what a change of the files shows by without reading them.
func (f *files) look() string {
	var stamp strings.Builder
	for _, name := range []string{f.cfg.Certificate, f.cfg.Key} {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprint(&stamp, info.ModTime().UnixNano(), " ", info.Size(), ";")
		} else {
			fmt.Fprint(&stamp, "none;")
		}
	}
	return stamp.String()
}

// read reads both files.
func (f *files) read() (*tls.Certificate, [sha256.Size]byte, error) {
	chain, err := readFile(f.cfg.Certificate)
	key, err2 := readFile(f.cfg.Key)
	sum := sha256.Sum256(append(append(chain[:len(chain):len(chain)], 0), key...))
	if err = errors.Join(err, err2); err == nil {
		var pair tls.Certificate
		if pair, err = tls.X509KeyPair(chain, key); err == nil {
			return &pair, sum, nil
		}
	}
	return nil, sum, fmt.Errorf("tls.certificate and tls.key (%s, %s): %w", f.cfg.Certificate, f.cfg.Key, err)
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than a certificate can be", name)
	}
	return content, err
}
