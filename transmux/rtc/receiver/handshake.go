package receiver

import (
	"context"
	"errors"
	"strings"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/srtp/v2"
)

// exporterLabel is what SRTP keys are exported under, RFC 5764 section 4.2.
const exporterLabel = "EXTRACTOR-dtls_srtp"

// dtlsMTU keeps flights below the least MTU of IPv6.
const dtlsMTU = 1200

// dtlsAlert is a DTLS content type, RFC 6347 section 4.1.
const dtlsAlert = 21

var (
	errFingerprint = errors.New("the certificate is not the one that the answer announced")
	errNoProfile   = errors.New("no SRTP protection profile was agreed")
)

// keys open what the server sends and protect what we send.
type keys struct{ remote, local *srtp.Context }

// profile is what differs between the protection profiles (RFC 5764 section
// 4.1.2, RFC 7714 section 14.2), in bytes.
type profile struct {
	id        srtp.ProtectionProfile
	key, salt int
}

var profilesByNumber = map[dtls.SRTPProtectionProfile]profile{
	dtls.SRTP_AEAD_AES_128_GCM:       {srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
	dtls.SRTP_AES128_CM_HMAC_SHA1_80: {srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
}

// takeDTLS hands a record to the handshake. Called with mu held.
func (v *Viewer) takeDTLS(record []byte) {
	const epoch = 3 // two bytes, not zero once records are protected
	switch {
	case v.keys == nil:
		v.pipe.push(record)
	case len(record) > epoch+1 && record[0] == dtlsAlert && (record[epoch] != 0 || record[epoch+1] != 0):
		v.over(ErrGoodbye) // the connection that could open it is gone; nobody here forges one
	}
}

// shake runs the handshake and exports the keys.
func (v *Viewer) shake(ctx context.Context) (*dtls.Conn, *keys, error) {
	conn, err := v.dial()
	if err != nil {
		return nil, nil, err
	}
	k, err := v.establish(ctx, conn)
	if err != nil {
		_ = conn.Close()
	}
	return conn, k, err
}

// retire drops the connection: nothing is lost on the way to this machine, so that
// nothing need be sent again. What it says at its end is kept until ours.
func (v *Viewer) retire(conn *dtls.Conn) {
	v.pipe.muted.Store(true)
	_ = conn.Close()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.farewell = v.pipe.kept
}

func (v *Viewer) dial() (*dtls.Conn, error) {
	common := []dtls.Option{
		dtls.WithCertificates(v.room.certificate),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithInsecureSkipVerify(true), // the fingerprint in the answer says who it must be
		dtls.WithMTU(dtlsMTU),
		dtls.WithLoggerFactory(quiet{}),
	}
	if v.remote.active {
		options := []dtls.ServerOption{
			dtls.WithClientAuth(dtls.RequireAnyClientCert),
			dtls.WithInsecureSkipVerifyHello(true), // the checks have proved the address
		}
		for _, o := range common {
			options = append(options, o)
		}
		return dtls.ServerWithOptions(v.pipe, v.pipe.remote(), options...)
	}
	var options []dtls.ClientOption
	for _, o := range common {
		options = append(options, o)
	}
	return dtls.ClientWithOptions(v.pipe, v.pipe.remote(), options...)
}

func (v *Viewer) establish(ctx context.Context, conn *dtls.Conn) (*keys, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	state, ok := conn.ConnectionState()
	if !ok || len(state.PeerCertificates) == 0 ||
		!strings.EqualFold(fingerprint(state.PeerCertificates[0]), v.remote.fingerprint) {
		return nil, errFingerprint
	}
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	p, known := profilesByNumber[chosen]
	if !ok || !known {
		return nil, errNoProfile
	}
	material, err := state.ExportKeyingMaterial(exporterLabel, nil, 2*(p.key+p.salt))
	if err != nil {
		return nil, err
	}
	// Client's key, server's key, client's salt, server's salt: RFC 5764 section 4.2.
	client, server := material[:p.key], material[p.key:2*p.key]
	salts := material[2*p.key:]
	ours, theirs, ourSalt, theirSalt := client, server, salts[:p.salt], salts[p.salt:]
	if v.remote.active {
		ours, theirs, ourSalt, theirSalt = theirs, ours, theirSalt, ourSalt
	}
	k := &keys{}
	if k.remote, err = srtp.CreateContext(theirs, theirSalt, p.id); err != nil {
		return nil, err
	}
	k.local, err = srtp.CreateContext(ours, ourSalt, p.id)
	return k, err
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
