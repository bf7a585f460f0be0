package config

import (
	"slices"
	"strings"
	"testing"
)

func TestClusterSettingsThatDoNotFit(t *testing.T) {
	const secret = "MILLRACE_CLUSTER_SECRET=0123456789abcdef"
	for name, tc := range map[string]struct {
		environ []string
		want    string
	}{
		"a secret alone":      {[]string{secret}, "nowhere to meet"},
		"no secret":           {[]string{"MILLRACE_CLUSTER_NATS_LISTEN=:4222"}, "needs cluster.secret"},
		"a short secret":      {[]string{"MILLRACE_CLUSTER_NATS_LISTEN=:4222", "MILLRACE_CLUSTER_SECRET=123"}, "has 3 bytes"},
		"carry and use":       {[]string{secret, "MILLRACE_CLUSTER_NATS_LISTEN=:4222", "MILLRACE_CLUSTER_NATS_URL=a:4222"}, "both set"},
		"routes of nobody":    {[]string{secret, "MILLRACE_CLUSTER_NATS_URL=a:4222", "MILLRACE_CLUSTER_NATS_ROUTES=a:6222"}, "set cluster.nats.listen too"},
		"routes alone":        {[]string{"MILLRACE_CLUSTER_NATS_ROUTES=a:6222"}, "set cluster.nats.listen too"},
		"a node and a NATS":   {[]string{secret, "MILLRACE_CLUSTER_NATS_URL=a:4222,nats://b:4222"}, "give either"},
		"a bad URL":           {[]string{secret, "MILLRACE_CLUSTER_NATS_URL=http://me:hidden@a:4222"}, "a URL of a NATS"},
		"a node without port": {[]string{secret, "MILLRACE_CLUSTER_NATS_URL=a"}, `write "host:port"`},
		"a tilde in the name": {[]string{"MILLRACE_NODE_ID=a~b"}, "is no node's name"},
		"a slash in it":       {[]string{"MILLRACE_NODE_ID=a/b"}, "is no node's name"},
		"another role":        {[]string{"MILLRACE_NODE_ROLE=king"}, "is not one of"},
		"a password in it":    {[]string{"MILLRACE_HTTP_ADVERTISE=https://me:x@a.example"}, "no address of a site"},
		"no network":          {[]string{"MILLRACE_CLUSTER_NETWORKS=here"}, "no network and its region"},
	} {
		_, err := loadFile("", tc.environ)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}

func TestHowManyCopies(t *testing.T) {
	three := []string{"a:6222", "b:6222", "c:6222"}
	for _, tc := range []struct {
		listen, url string
		routes      []string
		replicas    int
		want        int
		ours        bool
	}{
		{listen: ":4222", want: 1, ours: true},
		{listen: ":4222", routes: three[:2], want: 1, ours: true},
		{listen: ":4222", routes: three, want: 3, ours: true},
		{listen: ":4222", routes: append(slices.Clone(three), "d:6222", "e:6222"), want: 5, ours: true},
		{url: "a:4222", want: 0, ours: true},
		{url: "nats://a:4222", want: 1},
		{url: "nats://a:4222", replicas: 3, want: 3},
	} {
		var c Cluster
		c.NATS.Listen, c.NATS.Routes, c.NATS.Replicas = tc.listen, tc.routes, tc.replicas
		if tc.url != "" {
			c.NATS.URL = []string{tc.url}
		}
		if got := c.Copies(); got != tc.want || c.Ours() != tc.ours {
			t.Errorf("%+v: %d copies, ours %v", tc, got, c.Ours())
		}
	}
}

func TestRoutesHaveAPortOfTheirOwn(t *testing.T) {
	for _, tc := range [][3]string{{":4222", "", ":6222"}, {"[::1]:0", "", "[::1]:0"}, {"10.0.0.1:5000", "10.0.0.1:1", "10.0.0.1:1"}} {
		var c Cluster
		c.NATS.Listen, c.NATS.RouteListen, c.NATS.Routes = tc[0], tc[1], []string{"a:1"}
		if got := c.RouteListen(); got != tc[2] {
			t.Errorf("%v: %s", tc, got)
		}
	}
}
