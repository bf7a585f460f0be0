package jetstream

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestLed: a bucket without a leader, or without most of its servers, is not there,
// whoever tells of it.
func TestLed(t *testing.T) {
	there, away := &jetstream.PeerInfo{}, &jetstream.PeerInfo{Offline: true}
	for name, tt := range map[string]struct {
		cluster *jetstream.ClusterInfo
		led     bool
	}{
		"a server that is alone":     {nil, true},
		"one copy":                   {&jetstream.ClusterInfo{Leader: "a"}, true},
		"three":                      {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{there, there}}, true},
		"one of three is away":       {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{there, away}}, true},
		"two of three are away":      {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{away, away}}, false},
		"nobody leads":               {&jetstream.ClusterInfo{Replicas: []*jetstream.PeerInfo{there, there}}, false},
		"two of five are away":       {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{there, there, away, away}}, true},
		"the one of one has no lead": {&jetstream.ClusterInfo{}, false},
	} {
		if err := led(tt.cluster); (err == nil) != tt.led {
			t.Errorf("%s: %v", name, err)
		}
	}
}
