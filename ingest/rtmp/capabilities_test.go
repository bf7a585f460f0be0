package rtmp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yutopp/go-amf0"
)

// enhancedConnect is a connect with the properties behind its usual ones.
func enhancedConnect(encoding float64, more []byte) []byte {
	b := appendNumber(appendString(nil, "connect"), 1)
	b = append(b, amfObject)
	b = appendString(appendKey(b, "app"), "live")
	b = appendNumber(appendKey(b, "objectEncoding"), encoding)
	b = append(b, more...)
	return append(b, 0, 0, amfObjectEnd)
}

// infoMap is a property that is a map of numbers.
func infoMap(b []byte, key string, entries map[string]float64) []byte {
	b = append(appendKey(b, key), amfObject)
	for name, v := range entries {
		b = appendNumber(appendKey(b, name), v)
	}
	return append(b, 0, 0, amfObjectEnd)
}

// fourCCList is fourCcList.
func fourCCList(b []byte, names ...string) []byte {
	b = append(appendKey(b, "fourCcList"), amfStrictArray, 0, 0, 0, byte(len(names)))
	for _, name := range names {
		b = appendString(b, name)
	}
	return b
}

func TestCapabilities(t *testing.T) {
	for name, tc := range map[string]struct {
		more      []byte
		announced bool
		takes     string
		caps      int
	}{
		"nothing":        {nil, false, "", 0},
		"a list":         {fourCCList(nil, "hvc1", "av01"), true, "hvc1 av01", 0},
		"any":            {fourCCList(nil, "*"), true, "hvc1 av01 Opus", 0},
		"a map":          {infoMap(nil, "videoFourCcInfoMap", map[string]float64{"hvc1": 1, "av01": 2}), true, "hvc1", 0},
		"a map for all":  {infoMap(nil, "audioFourCcInfoMap", map[string]float64{"*": 4}), true, "hvc1 av01 Opus", 0},
		"all of it":      {appendNumber(appendKey(infoMap(fourCCList(nil, "avc1"), "audioFourCcInfoMap", map[string]float64{"Opus": 7}), "capsEx"), 15), true, "Opus", 15},
		"wrong types":    {appendString(appendKey(appendString(appendKey(nil, "fourCcList"), "hvc1"), "capsEx"), "15"), false, "", 0},
		"absurd numbers": {appendNumber(appendKey(infoMap(nil, "videoFourCcInfoMap", map[string]float64{"hvc1": -1, "av01": 1e99}), "capsEx"), 1e99), true, "", 0},
	} {
		plain, err := plainAMF(nil, enhancedConnect(0, tc.more))
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseCommand(plain)
		if err != nil {
			t.Fatal(err)
		}
		p := readCapabilities(c)
		var takes []string
		for _, fourCC := range []string{"hvc1", "av01", "Opus"} {
			if p.takes(fourCC) {
				takes = append(takes, fourCC)
			}
		}
		if p.announced != tc.announced || strings.Join(takes, " ") != tc.takes || p.capsEx != tc.caps {
			t.Errorf("%s: %+v, takes %q", name, p, takes)
		}
	}
}

// answerTo is what the server says to a connect, decoded.
func answerTo(t *testing.T, h *harness, connect []byte) (properties, info map[string]any) {
	t.Helper()
	r := h.rude().shakeHands()
	r.send((&wire{}).command(typeCommandAMF0, connect).b...)
	in := readerOf(r.conn)
	for {
		var m message
		if err := in.next(&m); err != nil {
			t.Fatal(err)
		}
		if m.kind != typeCommandAMF0 {
			continue
		}
		c, err := parseCommand(m.body)
		if err != nil || c.name != "_result" || c.transaction != 1 {
			t.Fatalf("%+v, %v", c, err)
		}
		args := amf0.NewDecoder(bytes.NewReader(c.args))
		var p, i any
		if err := args.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if err := args.Decode(&i); err != nil {
			t.Fatal(err)
		}
		properties, _ = p.(map[string]any)
		info, _ = i.(map[string]any)
		return properties, info
	}
}

func TestConnectIsAnsweredInKind(t *testing.T) {
	h := start(t, setup{})
	video := map[string]any{"avc1": 4.0, "hvc1": 4.0, "av01": 4.0, "vp09": 4.0, "vp08": 4.0}
	for name, connect := range map[string][]byte{
		"a list":       enhancedConnect(0, fourCCList(nil, "hvc1")),
		"capabilities": enhancedConnect(3, appendNumber(appendKey(nil, "capsEx"), 7)),
	} {
		properties, info := answerTo(t, h, connect)
		if info["code"] != codeConnected || info["objectEncoding"] != 0.0 || properties["fmsVer"] != "FMS/3,0,1,123" {
			t.Errorf("%s: %v %v", name, properties, info)
		}
		for _, object := range []map[string]any{properties, info} {
			if diff := cmp.Diff(video, object["videoFourCcInfoMap"]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			list, _ := object["fourCcList"].([]any)
			sounds, _ := object["audioFourCcInfoMap"].(map[string]any)
			if object["capsEx"] != 15.0 || len(list) != 11 || len(sounds) != 6 || sounds["Opus"] != 4.0 {
				t.Errorf("%s: %v", name, object)
			}
		}
	}
	properties, info := answerTo(t, h, enhancedConnect(0, nil))
	if info["code"] != codeConnected || len(properties) != 3 || info["capsEx"] != nil {
		t.Errorf("a peer of old is told %v %v", properties, info)
	}
}

// What the library says comes out whole, whatever its chunks refer to, and what
// cannot be read is an error.
func TestAnswersAreWrittenAnew(t *testing.T) {
	a := newAnswers()
	var got []message
	each := func(m *message) { got = append(got, *m) }
	w := &wire{}
	w.full(3, 5, 4, typeCommandAMF0).bytes(1, 2, 3, 4)
	if err := a.messages(w.b, each); err != nil {
		t.Fatal(err)
	}
	w = &wire{}
	w.delta(3, 7, 2, typeCommandAMF0).bytes(5, 6)
	w.basic(3, 3).bytes(7, 8)
	w.b = append(w.b, setChunkSizeMessage(librarySendChunk)...)
	if err := a.messages(w.b, each); err != nil {
		t.Fatal(err)
	}
	bodies := [][]byte{}
	for _, m := range got {
		bodies = append(bodies, m.body)
	}
	if diff := cmp.Diff([][]byte{{1, 2, 3, 4}, {5, 6}, {7, 8}}, bodies); diff != "" {
		t.Error(diff)
	}
	if err := a.messages([]byte{3, 0, 0}, each); err == nil {
		t.Error("half a chunk is no error")
	}
}

// FuzzConnect reads a connect as the filter does, whatever it announces.
func FuzzConnect(f *testing.F) {
	f.Add(enhancedConnect(3, infoMap(fourCCList(nil, "hvc1", "*"), "videoFourCcInfoMap", map[string]float64{"*": 7})))
	f.Add(enhancedConnect(0, appendNumber(appendKey(nil, "capsEx"), 15)))
	f.Fuzz(func(t *testing.T, body []byte) {
		plain, err := plainAMF(nil, body)
		if err != nil {
			return
		}
		c, err := parseCommand(plain)
		if err != nil {
			return
		}
		p := readCapabilities(c)
		if (len(p.fourCCs) > 0 || len(p.infos) > 0 || p.capsEx > 0) && !p.announced {
			t.Fatalf("%+v", p)
		}
		if len(p.fourCCs)+len(p.infos) > maxValues {
			t.Fatal("more than was said")
		}
		p.takes("hvc1")
		if m := p.result(); p.answers(m) != p.announced {
			t.Fatal("our own answer is not taken for one")
		}
	})
}
