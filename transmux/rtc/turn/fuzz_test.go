package turn

import (
	"net"
	"testing"
	"time"
)

// FuzzPort sends anything to both sockets: whoever does so with good credentials is
// still served afterwards.
func FuzzPort(f *testing.F) {
	f.Add([]byte{0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x19, 0, 4, 17, 0, 0, 0})
	f.Add([]byte{0, 1, 0xff, 0xec, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0x40, 0, 0, 4, 1, 2, 3, 4})
	f.Add([]byte{0, 0x16, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x13, 0xff, 0xff})
	gateway := &echo{}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	gateway.UDPConn = conn
	f.Cleanup(func() { _ = conn.Close() })
	room := start(f, Config{}, gateway)
	udp, err := net.Dial("udp", room.sockets.UDP.LocalAddr().String())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = udp.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = udp.Write(data)
		tcp, err := net.Dial("tcp", room.sockets.TCP.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = tcp.Write(data)
		_ = tcp.Close()
		// A plain STUN question is answered, so nothing of it hurt.
		question := []byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}
		_, _ = udp.Write(question)
		_ = udp.SetReadDeadline(time.Now().Add(patience))
		answer := make([]byte, maxFrame)
		for {
			n, err := udp.Read(answer)
			if err != nil {
				t.Fatal(err)
			}
			if n >= 20 && answer[0] == 1 && answer[1] == 1 && string(answer[8:20]) == string(question[8:20]) {
				return
			}
		}
	})
}
