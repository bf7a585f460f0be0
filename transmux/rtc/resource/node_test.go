package resource

import "testing"

func TestASessionNamesItsNode(t *testing.T) {
	here := New(Config{Node: "edge-1.example"})
	if node, ok := NodeOf(sessionsPath + here.newID()); !ok || node != "edge-1.example" {
		t.Errorf("%q, %v", node, ok)
	}
	alone := New(Config{})
	for path, want := range map[string]string{
		sessionsPath + alone.newID(): "",
		sessionsPath + "a~b/events":  "a",
		sessionsPath + "~b":          "",
		sessionsPath:                 "",
		"/whep/live/a~b":             "",
		sessionsPath + "node~" + random(18) + "/layer~s/x": "node",
	} {
		if node, ok := NodeOf(path); ok != (want != "") || ok && node != want {
			t.Errorf("%s: %q, %v", path, node, ok)
		}
	}
}
