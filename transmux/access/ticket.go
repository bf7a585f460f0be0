package access

import (
	"crypto/rand"
	"sync"
)

// tickets are credentials that this process made for itself, and that die with it.
type tickets struct {
	mu   sync.Mutex
	list []*Key
}

// Ticket makes a credential that no configuration takes away: for what runs inside
// the process and comes through the doors like anybody else.
func (r *Room) Ticket(name string, g Grant) string {
	text := rand.Text()
	secret, err := ParseSecret(text)
	if err != nil {
		panic(err) // it is plain text
	}
	r.tickets.mu.Lock()
	defer r.tickets.mu.Unlock()
	r.tickets.list = append(r.tickets.list, &Key{Name: name, Secret: secret, Grant: g})
	return text
}

// Revoke takes back the tickets of that name; who is in stays in.
func (r *Room) Revoke(name string) {
	r.tickets.mu.Lock()
	defer r.tickets.mu.Unlock()
	var left []*Key // another slice: the present one is being read
	for _, k := range r.tickets.list {
		if k.Name != name {
			left = append(left, k)
		}
	}
	r.tickets.list = left
}

func (t *tickets) all() []*Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list
}
