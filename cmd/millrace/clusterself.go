package main

import (
	"net"
	"strconv"

	"millrace/cluster/directory"
	"millrace/cmd/millrace/config"
)

// maxAdvertised bounds the addresses that a node tells of itself; each is tried
// in turn.
const maxAdvertised = 4

// selfNode is what this node says of itself. relay is where it serves other nodes.
func selfNode(c *config.Cluster, l *listeners, relay net.Addr) directory.Node {
	n := directory.Node{ID: c.ID(), Region: c.Node.Region, Role: c.Node.Role, Version: version(), HTTP: c.Advertise, Relay: c.Relay.Advertise}
	if n.HTTP == "" && l.http != nil {
		if at := advertised(l.http.Addr()); len(at) > 0 {
			n.HTTP = "http://" + at[0]
		}
	}
	if len(n.Relay) == 0 && relay != nil {
		n.Relay = advertised(relay)
	}
	return n
}

// advertised is where others may reach a listener: where it listens, or all of
// this machine's addresses that are any good.
func advertised(at net.Addr) []string {
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return nil
	}
	port := strconv.Itoa(tcp.Port)
	if !tcp.IP.IsUnspecified() {
		return []string{net.JoinHostPort(tcp.IP.String(), port)}
	}
	own, _ := net.InterfaceAddrs()
	var four, six []string
	for _, a := range own {
		ip, ok := a.(*net.IPNet)
		switch {
		case !ok || !ip.IP.IsGlobalUnicast():
		case ip.IP.To4() != nil:
			four = append(four, net.JoinHostPort(ip.IP.String(), port))
		default:
			six = append(six, net.JoinHostPort(ip.IP.String(), port))
		}
	}
	all := append(four, six...)
	return all[:min(len(all), maxAdvertised)]
}
