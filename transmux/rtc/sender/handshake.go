package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"

	"millrace/transmux/rtc/port"
)

const (
	// handshakeTimeout leaves room for three lost flights (1, 2 and 4 s).
	handshakeTimeout = 10 * time.Second
	// handshakeLinger is how long the DTLS connection answers a viewer whose
	// last flight we answered got lost; then it is dropped, and with it its
	// goroutines and buffers.
	handshakeLinger = 3 * time.Second
	// alertTimeout is for opening one record that is already here.
	alertTimeout = time.Second
	// dtlsMTU keeps flights below the least MTU of IPv6.
	dtlsMTU = 1200
)

// DTLS content types, RFC 6347 section 4.1.
const dtlsAlert = 21

var errFingerprint = errors.New("the certificate is not the one that the offer announced")

func (e *Endpoint) receiveDTLS(packet []byte, from port.Path) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.shaking != nil:
		e.shaking.push(packet, from)
	case e.keys.Load() == nil && !e.client:
		p := newPipe(e, from)
		p.push(packet, from)
		if e.room.start(func() { e.shake(p) }) {
			e.shaking = p
		}
	case packet[0] == dtlsAlert && e.resume != nil && !e.verifying:
		alert := bytes.Clone(packet)
		e.verifying = e.room.start(func() { e.openAlert(alert, from) })
	}
}

// shake runs the handshake, and the connection for a while after it.
func (e *Endpoint) shake(p *pipe) {
	conn, err := e.dtls(p)
	if err != nil {
		e.end(fmt.Errorf("%w: %w", ErrHandshake, err), false)
		return
	}
	ctx, cancel := context.WithTimeout(e.room.ctx, handshakeTimeout)
	defer cancel()
	if err := e.establish(ctx, conn); err != nil {
		_ = conn.Close()
		e.end(fmt.Errorf("%w: %w", ErrHandshake, err), false)
		return
	}
	if e.path.Load() == nil {
		e.use(*p.path.Load())
	}
	e.events.Connected()
	if left := e.linger(conn); left {
		e.end(ErrLeft, false)
	}
	e.retire(conn, p)
}

func (e *Endpoint) establish(ctx context.Context, conn *dtls.Conn) error {
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	state, ok := conn.ConnectionState()
	if !ok || len(state.PeerCertificates) == 0 {
		return errFingerprint
	}
	e.mu.Lock()
	_, announced, _ := strings.Cut(e.announced, " ")
	e.mu.Unlock()
	if !strings.EqualFold(fingerprint(state.PeerCertificates[0]), announced) {
		return errFingerprint
	}
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return errNoProfile
	}
	k, err := exportKeys(&state, chosen, e.client)
	if err != nil {
		return err
	}
	state.PeerCertificates = nil // known, and most of the state
	resume, err := state.MarshalBinary()
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.resume, e.keyed = resume, time.Now()
	e.mu.Unlock()
	e.keys.Store(k)
	return nil
}

// linger reads, so that DTLS answers what comes late; it tells whether the
// viewer said goodbye.
func (e *Endpoint) linger(conn *dtls.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(handshakeLinger))
	buf := make([]byte, dtlsMTU)
	for {
		_, err := conn.Read(buf) // application data means nothing here
		if err == nil {
			continue
		}
		return errors.Is(err, io.EOF) && !e.closed.Load()
	}
}

// retire drops the DTLS connection. The close_notify that ends every connection
// is kept sealed until the endpoint's end, or sent if that is now.
func (e *Endpoint) retire(conn *dtls.Conn, p *pipe) {
	e.mu.Lock()
	over := e.closed.Load()
	p.muted.Store(!over)
	e.mu.Unlock()
	_ = conn.Close()
	e.mu.Lock()
	e.shaking = nil
	e.farewell = p.kept
	late := e.closed.Load() && !over
	e.mu.Unlock()
	if path := e.path.Load(); late && path != nil && p.kept != nil {
		_ = e.room.send(path, p.kept) // the end came in between, and found nothing to send
	}
}

// openAlert takes the connection up again for as long as it takes to open one
// record: only the viewer can have sealed a close_notify.
func (e *Endpoint) openAlert(alert []byte, from port.Path) {
	defer func() {
		e.mu.Lock()
		e.verifying = false
		e.mu.Unlock()
	}()
	state := &dtls.State{}
	e.mu.Lock()
	resume := e.resume
	e.mu.Unlock()
	if state.UnmarshalBinary(resume) != nil {
		return
	}
	p := newPipe(e, from)
	p.muted.Store(true) // whatever it may want to answer
	conn, err := dtls.ResumeWithOptions(state, p, p.RemoteAddr(), dtls.WithLoggerFactory(quiet{}))
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(e.room.ctx, alertTimeout)
	defer cancel()
	// The record goes in once the connection stands again: before that the
	// library takes the alert for the end of a handshake.
	if conn.HandshakeContext(ctx) != nil {
		return
	}
	p.push(alert, from)
	_ = conn.SetReadDeadline(time.Now().Add(alertTimeout))
	if _, err = conn.Read(make([]byte, dtlsMTU)); errors.Is(err, io.EOF) {
		e.end(ErrLeft, false)
	}
}

// dtls is the connection under a handshake. The peer's certificate is looked at
// when that is done: nobody but its fingerprint vouches for it.
func (e *Endpoint) dtls(p *pipe) (*dtls.Conn, error) {
	both := []dtls.Option{
		dtls.WithCertificates(e.certificate),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(preferred()...),
		dtls.WithMTU(dtlsMTU),
		dtls.WithLoggerFactory(quiet{}),
	}
	if e.client {
		options := []dtls.ClientOption{dtls.WithInsecureSkipVerify(true)}
		for _, o := range both {
			options = append(options, o)
		}
		return dtls.ClientWithOptions(p, p.RemoteAddr(), options...)
	}
	options := []dtls.ServerOption{
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		// ICE has proved the address already; a cookie would cost a round trip.
		dtls.WithInsecureSkipVerifyHello(true),
	}
	for _, o := range both {
		options = append(options, o)
	}
	return dtls.ServerWithOptions(p, p.RemoteAddr(), options...)
}

// quiet drops the library's log: what matters comes back as an error.
type quiet struct{}

func (quiet) NewLogger(string) logging.LeveledLogger { return quiet{} }

func (quiet) Trace(string)          {}
func (quiet) Tracef(string, ...any) {}
func (quiet) Debug(string)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(string)           {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warn(string)           {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Error(string)          {}
func (quiet) Errorf(string, ...any) {}
