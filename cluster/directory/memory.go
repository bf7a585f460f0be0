package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Exchange is a store in memory that any number of nodes of one process share. It
// counts what a network would have to carry.
type Exchange struct {
	mu       sync.Mutex
	revision uint64
	epochs   uint64
	entries  map[Kind]map[string]held
	ears     map[string][]*ear // by topic; replaced, never changed

	messages, bytes, sent atomic.Uint64
	halted                atomic.Bool
}

// held is an entry and its end.
type held struct {
	Entry
	until time.Time
}

// ear is one subscription.
type ear struct {
	of   *Memory
	mu   sync.Mutex // one message after the other
	hear func(topic string, e Entry, m Message)
}

// Traffic is what passed an Exchange since it was made.
type Traffic struct {
	Sent     uint64 // by nodes: messages, questions, and operations on keys
	Messages uint64 // delivered to them
	Bytes    uint64 // of these
}

// NewExchange makes an empty one.
func NewExchange() *Exchange {
	return &Exchange{entries: map[Kind]map[string]held{}, ears: map[string][]*ear{}}
}

// NewMemory is the store of a single node.
func NewMemory() *Memory { return NewExchange().Connect() }

// Traffic is what passed so far.
func (x *Exchange) Traffic() Traffic {
	return Traffic{x.sent.Load(), x.messages.Load(), x.bytes.Load()}
}

// Forget loses everything, as a store in memory does whose servers all died.
func (x *Exchange) Forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.entries, x.revision = map[Kind]map[string]held{}, 0
}

// Halt has keys neither read nor written until it is called with false; messages go
// on: as while the servers of a store elect who leads.
func (x *Exchange) Halt(halted bool) { x.halted.Store(halted) }

// Connect makes a node's end.
func (x *Exchange) Connect() *Memory {
	m := &Memory{x: x, changed: make(chan struct{})}
	m.Heal()
	return m
}

// Memory is one node's end of an Exchange; a Store.
type Memory struct {
	x *Exchange

	mu      sync.Mutex
	epoch   uint64
	cut     error
	changed chan struct{}
}

// Cut parts the node from the others, until Heal.
func (m *Memory) Cut() { m.set(0, ErrUnreachable) }

// Heal brings it back.
func (m *Memory) Heal() {
	m.x.mu.Lock()
	m.x.epochs++
	epoch := m.x.epochs
	m.x.mu.Unlock()
	m.set(epoch, nil)
}

func (m *Memory) set(epoch uint64, cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch, m.cut = epoch, cause
	close(m.changed)
	m.changed = make(chan struct{})
}

// Online is for Store.
func (m *Memory) Online() (epoch uint64, cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch, m.cut
}

// Changed is for Store.
func (m *Memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// reach is nil if the node reaches the others.
func (m *Memory) reach(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, cause := m.Online()
	if cause == nil {
		m.x.sent.Add(1) // whatever is done next
	}
	return cause
}

// keys is reach for keys; while they are halted, an operation takes as long as it may.
func (m *Memory) keys(ctx context.Context) error {
	if err := m.reach(ctx); err != nil || !m.x.halted.Load() {
		return err
	}
	<-ctx.Done()
	return fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
}

func topicOf(kind Kind, name string) string { return "key/" + string(kind) + "/" + name }

// Get is for Keys.
func (m *Memory) Get(ctx context.Context, kind Kind, name string) (Entry, error) {
	if err := m.keys(ctx); err != nil {
		return Entry{}, err
	}
	m.x.mu.Lock()
	defer m.x.mu.Unlock()
	return m.x.get(kind, topicOf(kind, name)), nil
}

func (x *Exchange) get(kind Kind, key string) Entry {
	h := x.entries[kind][key]
	if h.Value != nil && time.Now().After(h.until) {
		h.Value = nil
	}
	h.Key = key
	return h.Entry
}

// Write is for Keys.
func (m *Memory) Write(ctx context.Context, kind Kind, name string, value []byte, revision uint64, ttl time.Duration) (uint64, error) {
	if err := m.keys(ctx); err != nil {
		return 0, err
	}
	x, key := m.x, topicOf(kind, name)
	x.mu.Lock()
	if x.get(kind, key).Revision != revision {
		x.mu.Unlock()
		return 0, ErrConflict
	}
	x.revision++
	e := Entry{Key: key, Value: slices.Clone(value), Revision: x.revision}
	if x.entries[kind] == nil {
		x.entries[kind] = map[string]held{}
	}
	x.entries[kind][key] = held{e, time.Now().Add(ttl)}
	ears := slices.Concat(x.ears[key], x.ears[topicOf(kind, "")])
	x.mu.Unlock()
	x.tell(ears, key, e, Message{})
	return e.Revision, nil
}

// Hint is for Keys.
func (m *Memory) Hint(kind Kind, name string, value []byte) error {
	if err := m.reach(context.Background()); err != nil {
		return err
	}
	key := topicOf(kind, name)
	m.x.mu.Lock()
	ears := slices.Concat(m.x.ears[key], m.x.ears[topicOf(kind, "")])
	m.x.mu.Unlock()
	m.x.tell(ears, key, Entry{Key: key, Value: value}, Message{})
	return nil
}

// List is for Keys.
func (m *Memory) List(ctx context.Context, kind Kind) ([]Entry, error) {
	if err := m.keys(ctx); err != nil {
		return nil, err
	}
	m.x.mu.Lock()
	defer m.x.mu.Unlock()
	var list []Entry
	for key := range m.x.entries[kind] {
		if e := m.x.get(kind, key); e.Value != nil {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return list, nil
}

// Follow is for Keys.
func (m *Memory) Follow(kind Kind, name string, changed func(Entry)) (stop func(), err error) {
	return m.listen(topicOf(kind, name), func(_ string, e Entry, _ Message) { changed(e) }), nil
}

// Token is for Post.
func (m *Memory) Token(name string) string { return name }

// Publish is for Post.
func (m *Memory) Publish(subject string, data []byte) error {
	if err := m.reach(context.Background()); err != nil {
		return err
	}
	m.x.mu.Lock()
	ears := m.x.ears[subject]
	m.x.mu.Unlock()
	m.x.tell(ears, subject, Entry{}, Message{Data: data})
	return nil
}

// Subscribe is for Post.
func (m *Memory) Subscribe(subject string, handle func(Message)) (stop func(), err error) {
	return m.listen(subject, func(_ string, _ Entry, msg Message) { handle(msg) }), nil
}

// Ask is for Post.
func (m *Memory) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := m.reach(ctx); err != nil {
		return nil, err
	}
	m.x.mu.Lock()
	ears := m.x.ears[subject]
	m.x.mu.Unlock()
	var answer []byte
	m.x.tell(ears, subject, Entry{}, Message{Data: data, Reply: func(b []byte) {
		answer = b
		m.x.messages.Add(1)
	}})
	if answer == nil {
		return nil, ErrNobody
	}
	return answer, nil
}

func (m *Memory) listen(topic string, hear func(string, Entry, Message)) (stop func()) {
	e := &ear{of: m, hear: hear}
	x := m.x
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ears[topic] = append(slices.Clip(x.ears[topic]), e)
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		left := slices.DeleteFunc(slices.Clone(x.ears[topic]), func(o *ear) bool { return o == e })
		if x.ears[topic] = left; len(left) == 0 {
			delete(x.ears, topic)
		}
	}
}

// tell delivers, to those that are not cut off.
func (x *Exchange) tell(ears []*ear, topic string, e Entry, m Message) {
	for _, one := range ears {
		if _, cut := one.of.Online(); cut != nil {
			continue
		}
		x.messages.Add(1)
		x.bytes.Add(uint64(len(e.Value) + len(m.Data)))
		one.mu.Lock()
		one.hear(topic, e, m)
		one.mu.Unlock()
	}
}
