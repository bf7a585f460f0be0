package config

// RTSP is where RTSP is spoken.
type RTSP struct {
	Address string
	UDP     bool   // media that way too, on the same number and the next
	Secure  string // the address of RTSPS
}

func (c *RTSP) defaults() {
	c.Address = ":8554"
	c.UDP = true
}

func (c *RTSP) settings() []setting {
	return []setting{
		{"rtsp.address", address(&c.Address)},
		{"rtsp.udp", boolean(&c.UDP)},
		{"rtsps.address", address(&c.Secure)},
	}
}
