package jetstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"millrace/cluster/directory"
)

const (
	// lookInterval is how often the bucket's leader is asked whether it is
	// there: an embedded server answers its own node even when it has lost all
	// others.
	lookInterval = 3 * time.Second
	lookTimeout  = 1500 * time.Millisecond
	// patience is for how long nobody hears that the bucket does not answer:
	// servers change, and leaders are elected.
	patience = 2 * time.Second
	// fewerAfter is when a bucket is made with fewer copies than wanted because
	// not all servers are there. It gets the others when they are.
	fewerAfter = 5 * time.Second
	// markerTTL is how long a key's end is remembered; NATS needs one to have
	// keys that end.
	markerTTL = time.Minute
)

// Online is for directory.Store.
func (s *Store) Online() (epoch uint64, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch, s.cause
}

// Changed is for directory.Store.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// wake makes mind look now; moved says that messages may have been missed.
func (s *Store) wake(moved bool) {
	s.mu.Lock()
	s.moved = s.moved || moved
	s.mu.Unlock()
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// mind keeps an eye on the bucket.
func (s *Store) mind(ctx context.Context) {
	var failing time.Time // since when
	wait := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-time.After(wait):
		}
		stream, err := s.look(ctx, failing)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if failing.IsZero() {
				failing = time.Now()
			}
			s.log.Debug("directory: the bucket does not answer", "cause", err)
			if time.Since(failing) > patience {
				s.note(stream)
				s.offline(err)
			}
			wait = min(2*time.Second, 200*time.Millisecond+time.Since(failing)/4)
			continue
		}
		failing = time.Time{}
		s.note(stream)
		s.online(stream)
		wait = lookInterval + jitter(lookInterval/2)
	}
}

func (s *Store) offline(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.epoch != 0 || s.closedBy == nil
	s.closedBy = cause
	if !first {
		return
	}
	s.epoch, s.cause = 0, fmt.Errorf("%w: %w", directory.ErrUnreachable, cause)
	s.tellLocked()
}

func (s *Store) online(stream jetstream.Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.stream != nil && s.stream.CachedInfo().Created.Equal(stream.CachedInfo().Created)
	s.stream = stream
	if s.cause == nil && same && !s.moved {
		return
	}
	s.epochs++
	s.epoch, s.cause, s.moved, s.closedBy = s.epochs, nil, false, nil
	s.tellLocked()
}

func (s *Store) tellLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// look finds the bucket's stream by asking its leader, and makes it if it is ours
// to make. With an error there may be a stream: one that is known and nobody can write.
func (s *Store) look(ctx context.Context, failing time.Time) (jetstream.Stream, error) {
	if s.nc.Status() != nats.CONNECTED {
		if err := s.nc.LastError(); err != nil {
			return nil, err
		}
		return nil, errors.New("not connected to a server")
	}
	once, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	stream, err := s.js.Stream(once, "KV_"+s.bucket)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if s.cfg.Replicas == 0 {
			return nil, errors.New("no node that carries the directory has made it yet")
		}
		copies := s.cfg.Replicas
		if !failing.IsZero() && time.Since(failing) > fewerAfter {
			copies = 1
		}
		if _, err = s.js.CreateKeyValue(once, s.shape(copies)); err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
			return nil, err
		}
		stream, err = s.js.Stream(once, "KV_"+s.bucket)
	}
	if err != nil {
		return nil, err
	}
	if err := led(stream.CachedInfo().Cluster); err != nil {
		return stream, err
	}
	if have := stream.CachedInfo().Config.Replicas; have < s.cfg.Replicas {
		if _, err := s.js.UpdateKeyValue(once, s.shape(s.cfg.Replicas)); err == nil {
			s.log.Info("directory: kept in more copies", "copies", s.cfg.Replicas, "before", have)
		}
	}
	return stream, nil
}

// led says whether a bucket can be written, by what is told of its servers: one that
// is cut off from the others may still tell of it. Nil is a server that is alone.
func led(c *jetstream.ClusterInfo) error {
	if c == nil {
		return nil
	}
	if c.Leader == "" {
		return errors.New("none of the nodes that carry the directory leads")
	}
	there := 1
	for _, r := range c.Replicas {
		if !r.Offline {
			there++
		}
	}
	if all := len(c.Replicas) + 1; 2*there <= all {
		return fmt.Errorf("of %d nodes that carry the directory %d are there", all, there)
	}
	return nil
}

// shape is how the bucket is to be.
func (s *Store) shape(copies int) jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: s.bucket, Description: "Millrace: which node has which stream", History: 1,
		Storage: jetstream.MemoryStorage, Replicas: copies, LimitMarkerTTL: markerTTL,
		MaxValueSize: maxValue,
		// So that those who follow a key need no consumer: what was written goes
		// out as a plain message too, after it was accepted.
		RePublish: &jetstream.RePublish{Source: ">", Destination: s.prefix + ".told.>"},
	}
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most)
}
