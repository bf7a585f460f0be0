package sender

// OpenRTP opens a packet that Events.Media handed over, into dst, and returns
// it: header and payload. It gives an error for what the peer did not seal, or
// what has come before.
func (e *Endpoint) OpenRTP(dst, sealed []byte) ([]byte, error) {
	k := e.keys.Load()
	if k == nil {
		return nil, errNoProfile
	}
	return k.openRTP(dst, sealed)
}

// SendRTCP seals and sends a compound packet. It is for an endpoint that only
// receives; one that a Burst sends to takes Burst.Control.
func (e *Endpoint) SendRTCP(rtcp []byte) error {
	k, path := e.keys.Load(), e.path.Load()
	if k == nil || path == nil || e.closed.Load() {
		return ErrClosed
	}
	k.mu.Lock()
	sealed, err := k.local.EncryptRTCP(nil, rtcp, nil)
	k.mu.Unlock()
	if err != nil {
		return err
	}
	return e.room.send(path, sealed)
}
