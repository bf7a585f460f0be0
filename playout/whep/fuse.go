package whep

import (
	"sync"

	"millrace/transmux/ledger"
	"millrace/transmux/rtc/sender"
)

// fuse ends a viewer when what let it in is over, which the gate may say before
// there is an endpoint to close.
type fuse struct {
	mu       sync.Mutex
	endpoint *sender.Endpoint
	cause    error
	tally    ledger.Tally // of how it does meanwhile
}

// blow ends the viewer, now or as soon as it is guarded.
func (f *fuse) blow(cause error) {
	f.mu.Lock()
	f.cause = cause
	endpoint := f.endpoint
	f.mu.Unlock()
	if endpoint != nil {
		endpoint.Close(cause)
	}
}

// guard says what to close.
func (f *fuse) guard(endpoint *sender.Endpoint) {
	f.mu.Lock()
	f.endpoint = endpoint
	cause := f.cause
	f.mu.Unlock()
	if cause != nil {
		endpoint.Close(cause)
	}
}
