package main

import (
	"net"
	"slices"
	"testing"
)

func TestWhereOthersReachThisNode(t *testing.T) {
	if got := advertised(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 5), Port: 80}); !slices.Equal(got, []string{"127.0.0.5:80"}) {
		t.Errorf("%v", got)
	}
	for _, at := range advertised(&net.TCPAddr{IP: net.IPv6unspecified, Port: 80}) {
		host, port, err := net.SplitHostPort(at)
		if ip := net.ParseIP(host); err != nil || port != "80" || ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
			t.Errorf("%s", at)
		}
	}
	if got := advertised(nil); got != nil {
		t.Errorf("%v", got)
	}
}
