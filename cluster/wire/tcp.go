package wire

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// stalled is how long a TCP peer may take nothing; a node that lives takes
// something sooner, or the line is of no use.
const stalled = 5 * time.Second

// tcpPipe has everything one after the other.
type tcpPipe struct {
	conn   *tls.Conn
	budget *budget

	mu    sync.Mutex // guards writes
	end   sync.Once
	cause error // of the close; read after run's read failed
}

func (p *tcpPipe) control(b []byte) error { return p.write(b, writeTimeout) }

func (p *tcpPipe) write(b []byte, most time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.conn.SetWriteDeadline(time.Now().Add(most))
	if _, err := p.conn.Write(b); err != nil {
		err = fmt.Errorf("wire: %w", err)
		p.close(err)
		return err
	}
	return nil
}

// frames cannot take back what TCP has begun to send.
func (p *tcpPipe) frames(b []byte, _ bool, _ func() bool) (func(), error) {
	return func() {}, p.write(b, stalled)
}

func (p *tcpPipe) run(handle func(Type, []byte) error) error {
	err := readMessages(bufio.NewReaderSize(p.conn, chunk), p.budget, handle)
	p.close(err)
	if errors.Is(err, net.ErrClosed) {
		return p.cause
	}
	return err
}

func (p *tcpPipe) close(err error) {
	p.end.Do(func() {
		p.cause = err
		// Not tls.Conn's Close, which waits for a peer to take the farewell.
		_ = p.conn.NetConn().Close()
	})
}
