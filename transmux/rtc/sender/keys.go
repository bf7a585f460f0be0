package sender

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v2"
)

// exporterLabel is what SRTP keys are exported under, RFC 5764 section 4.2.
const exporterLabel = "EXTRACTOR-dtls_srtp"

// profile is what differs between the protection profiles (RFC 5764 section
// 4.1.2, RFC 7714 section 14.2).
type profile struct {
	id      srtp.ProtectionProfile
	key     int // bytes of master key
	salt    int // bytes of master salt
	overRTP int // bytes a packet grows by
}

// profiles by DTLS number, in our order: GCM costs a sixth of the other.
var profiles = map[dtls.SRTPProtectionProfile]profile{
	dtls.SRTP_AEAD_AES_128_GCM:       {srtp.ProtectionProfileAeadAes128Gcm, 16, 12, 16},
	dtls.SRTP_AES128_CM_HMAC_SHA1_80: {srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14, 10},
}

// preferred are the profiles we take, best first.
func preferred() []dtls.SRTPProtectionProfile {
	return []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}
}

var errNoProfile = errors.New("no SRTP protection profile was agreed")

// keys protect what we send and open what the viewer sends.
type keys struct {
	rtp    sealer
	local  *srtp.Context // our RTCP
	remote *srtp.Context // the peer's RTCP

	mu    sync.Mutex
	media *srtp.Context // the peer's RTP; made by the first packet, guarded by mu
	open  func() (*srtp.Context, error)
}

// sealer protects one RTP packet in place. packet has room behind it for what
// it grows by; index is the packet's 48-bit index (RFC 3711 section 3.3.1), of
// which the low 16 bits stand in the header. One goroutine at a time.
type sealer interface {
	seal(packet []byte, headerSize int, index uint64) ([]byte, error)
}

// exportKeys derives the session's keys after the handshake, of which we were the
// server or the client.
func exportKeys(state *dtls.State, chosen dtls.SRTPProtectionProfile, client bool) (*keys, error) {
	p, ok := profiles[chosen]
	if !ok {
		return nil, errNoProfile
	}
	material, err := state.ExportKeyingMaterial(exporterLabel, nil, 2*(p.key+p.salt))
	if err != nil {
		return nil, fmt.Errorf("exporting SRTP keys: %w", err)
	}
	theirKey, rest := material[:p.key], material[p.key:] // the client's: RFC 5764 section 4.2
	ourKey, rest := rest[:p.key], rest[p.key:]
	theirSalt, ourSalt := rest[:p.salt], rest[p.salt:]
	if client {
		theirKey, ourKey, theirSalt, ourSalt = ourKey, theirKey, ourSalt, theirSalt
	}

	k := &keys{}
	k.open = func() (*srtp.Context, error) {
		return srtp.CreateContext(theirKey, theirSalt, p.id, srtp.SRTPReplayProtection(mediaWindow))
	}
	// 64 is the least window that RFC 3711 section 3.3.2 allows.
	if k.remote, err = srtp.CreateContext(theirKey, theirSalt, p.id, srtp.SRTCPReplayProtection(64)); err != nil {
		return nil, err
	}
	if k.local, err = srtp.CreateContext(ourKey, ourSalt, p.id); err != nil {
		return nil, err
	}
	if chosen != dtls.SRTP_AEAD_AES_128_GCM {
		k.rtp = &contextSealer{context: k.local}
		return k, nil
	}
	k.rtp, err = newGCM(ourKey, ourSalt)
	return k, err
}

// mediaWindow is how late a packet may come and still be taken: half a second of
// a 20 Mb/s stream.
const mediaWindow = 1024

// openRTP opens a packet of the peer's into dst.
func (k *keys) openRTP(dst, sealed []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.media == nil {
		context, err := k.open()
		if err != nil {
			return nil, err
		}
		k.media = context
	}
	return k.media.DecryptRTP(dst, sealed, nil)
}

// contextSealer is for the profiles that we do not seal ourselves.
type contextSealer struct{ context *srtp.Context }

func (s *contextSealer) seal(packet []byte, _ int, _ uint64) ([]byte, error) {
	return s.context.EncryptRTP(packet[:0], packet, nil)
}

// gcm seals RTP with AES-128-GCM, RFC 7714.
type gcm struct {
	aead  cipher.AEAD
	salt  [12]byte
	nonce [12]byte // here, because behind the interface it would be allocated for every packet
}

// Key derivation labels, RFC 3711 section 4.3.1.
const (
	labelRTPKey  = 0
	labelRTPSalt = 2
)

func newGCM(masterKey, masterSalt []byte) (*gcm, error) {
	key, err := deriveKey(masterKey, masterSalt, labelRTPKey, 16)
	if err != nil {
		return nil, err
	}
	salt, err := deriveKey(masterKey, masterSalt, labelRTPSalt, 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &gcm{aead: aead, salt: [12]byte(salt)}, nil
}

// deriveKey is the AES-CM PRF of RFC 3711 section 4.3.3 with a key derivation
// rate of zero; RFC 7714 section 11 fills its shorter salt with zeros.
func deriveKey(masterKey, masterSalt []byte, label byte, size int) ([]byte, error) {
	block, err := aes.NewCipher(masterKey)
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	copy(iv[:14], masterSalt)
	iv[7] ^= label
	out := make([]byte, size)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out, nil
}

// seal's nonce is two zero bytes, SSRC, rollover counter and sequence number
// under the salt, RFC 7714 section 8.1; the header is authenticated in clear.
func (g *gcm) seal(packet []byte, headerSize int, index uint64) ([]byte, error) {
	clear(g.nonce[:2])
	copy(g.nonce[2:6], packet[8:12])
	binary.BigEndian.PutUint32(g.nonce[6:10], uint32(index>>16))
	binary.BigEndian.PutUint16(g.nonce[10:12], uint16(index))
	for i := range g.nonce {
		g.nonce[i] ^= g.salt[i]
	}
	header, payload := packet[:headerSize], packet[headerSize:]
	return g.aead.Seal(header, g.nonce[:], payload, header), nil
}
