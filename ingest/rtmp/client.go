package rtmp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/yutopp/go-amf0"
	"github.com/yutopp/go-rtmp/handshake"
	rtmpmsg "github.com/yutopp/go-rtmp/message"
)

// ErrRefused is wrapped by what Publish returns when the server says no; the
// text has the server's code and description.
var ErrRefused = errors.New("the server refuses")

const (
	// clientTimeout is for everything up to the server's word that we publish.
	clientTimeout = 10 * time.Second
	// clientChunk keeps nearly every message in one chunk.
	clientChunk = 64 << 10
	// clientLinger is how long the server may take to close.
	clientLinger = time.Second

	transactionConnect = 1
	transactionCreate  = 2
)

// client is the publishing side of a connection. It is built from the library's
// handshake and messages, not its client, whose Connect and CreateStream wait
// for ever on a peer that is dead.
type client struct {
	conn   net.Conn
	in     *chunkReader
	stream uint32
	// patience bounds each write; 0 leaves that to the caller.
	patience time.Duration

	mu  sync.Mutex // held while writing
	out []byte
}

// address is where an rtmp URL points.
type address struct{ scheme, host, app, key string }

// parseURL reads rtmp://host[:port]/app/key[?query]; app may have slashes.
func parseURL(raw string) (address, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, errors.New("the URL cannot be read") // it may hold a token
	}
	port := map[string]string{"rtmp": "1935", "rtmps": "443"}[u.Scheme]
	if port == "" {
		return address{}, fmt.Errorf("%q is not rtmp or rtmps", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	app, key := path.Split(strings.Trim(u.Path, "/"))
	if u.RawQuery != "" {
		key += "?" + u.RawQuery
	}
	return address{u.Scheme, net.JoinHostPort(u.Hostname(), port), strings.Trim(app, "/"), key}, nil
}

// dialPublish connects and gets as far as the server's consent. ctx ends it.
func dialPublish(ctx context.Context, a address, tlsConfig *tls.Config) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.host)
	if err != nil {
		return nil, err
	}
	if a.scheme == "rtmps" {
		conn = tls.Client(conn, tlsConfig)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	c := &client{conn: conn, in: newChunkReader(newInlet(conn, readBufferPending), lengthLimits{maxCommand}, 4*maxCommand, grainPending)}
	err = c.publish(a)
	if !stop() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// publish does the handshake and the commands that encoders send.
func (c *client) publish(a address) error {
	if err := handshake.HandshakeWithServer(c.conn, c.conn, &handshake.Config{SkipHandshakeVerification: true}); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if err := c.write(setChunkSizeMessage(clientChunk)); err != nil {
		return err
	}
	connect := &rtmpmsg.NetConnectionConnect{Command: rtmpmsg.NetConnectionConnectCommand{
		App: a.app, Type: "nonprivate", FlashVer: "FMLE/3.0 (compatible; millrace)",
		TCURL: a.scheme + "://" + a.host + "/" + a.app,
	}}
	if err := c.command(0, "connect", transactionConnect, connect); err != nil {
		return err
	}
	if _, err := c.await(transactionConnect); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := c.command(0, "createStream", transactionCreate, &rtmpmsg.NetConnectionCreateStream{}); err != nil {
		return err
	}
	created, err := c.await(transactionCreate)
	if err != nil {
		return fmt.Errorf("createStream: %w", err)
	}
	var null any
	args := amf0.NewDecoder(bytes.NewReader(created.args))
	if err := errors.Join(args.Decode(&null), args.Decode(&c.stream)); err != nil {
		return fmt.Errorf("createStream: %w", err)
	}
	if err := c.command(c.stream, "publish", 0, &rtmpmsg.NetStreamPublish{PublishingName: a.key, PublishingType: "live"}); err != nil {
		return err
	}
	if _, err := c.await(0); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// command sends a command.
func (c *client) command(stream uint32, name string, transaction float64, args rtmpmsg.AMFConvertible) error {
	var b bytes.Buffer
	if err := rtmpmsg.EncodeBodyAnyValues(amf0.NewEncoder(&b), args); err != nil {
		return err
	}
	body := append(appendNumber(appendString(nil, name), transaction), b.Bytes()...)
	return c.write(appendMessage(nil, chunkStreamCommand, clientChunk,
		&message{kind: typeCommandAMF0, stream: stream, body: body}))
}

// await reads up to the answer to a transaction, or with 0 up to the status that
// says that we publish.
func (c *client) await(transaction float64) (command, error) {
	for {
		cmd, err := c.next()
		if err != nil {
			return command{}, err
		}
		switch {
		case cmd.name == "_error" && cmd.transaction == transaction:
			return command{}, ErrRefused
		case cmd.name == "_result" && cmd.transaction == transaction,
			cmd.name == "onStatus" && transaction == 0:
			return cmd, nil
		}
	}
}

// next reads up to the next command, answering pings on the way. A status of
// level "error" is an error.
func (c *client) next() (command, error) {
	for {
		var m message
		if err := c.in.next(&m); err != nil {
			return command{}, err
		}
		if m.kind == typeUserControl && len(m.body) >= 6 && binary.BigEndian.Uint16(m.body) == eventPingRequest {
			if err := c.write(pongMessage(m.body[2:6])); err != nil {
				return command{}, err
			}
		}
		if m.kind != typeCommandAMF0 {
			continue
		}
		plain, err := plainAMF(nil, m.body)
		if err != nil {
			return command{}, err
		}
		cmd, err := parseCommand(plain)
		if err != nil {
			return command{}, err
		}
		return cmd, cmd.refusal()
	}
}

// refusal is the error in an onStatus of level "error".
func (c command) refusal() error {
	if c.name != "onStatus" {
		return nil
	}
	var null, info any
	args := amf0.NewDecoder(bytes.NewReader(c.args))
	if err := errors.Join(args.Decode(&null), args.Decode(&info)); err != nil {
		return fmt.Errorf("onStatus: %w", err)
	}
	fields, _ := info.(map[string]any)
	if fields["level"] != "error" {
		return nil
	}
	return fmt.Errorf("%w: %v (%v)", ErrRefused, fields["description"], fields["code"])
}

// media sends an audio, video or data message in one write.
func (c *client) media(kind uint8, at time.Duration, body []byte) error {
	chunkStream := uint8(chunkStreamStatus)
	switch kind {
	case typeAudio:
		chunkStream = 4
	case typeVideo:
		chunkStream = 6
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = appendMessage(c.out[:0], chunkStream, clientChunk,
		&message{kind: kind, stream: c.stream, timestamp: at.Round(time.Millisecond).Milliseconds(), body: body})
	return c.flushLocked(c.out)
}

func (c *client) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushLocked(b)
}

func (c *client) flushLocked(b []byte) error {
	if c.patience > 0 {
		if err := c.conn.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(b)
	return err
}
