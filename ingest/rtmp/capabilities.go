package rtmp

import (
	"bytes"
	"encoding/binary"
)

// capsEx bits (enhanced-rtmp-v2, "Enhancing NetConnection connect Command").
const (
	capsReconnect           = 1 // see Server.Reconnect
	capsMultitrack          = 2
	capsModEx               = 4
	capsTimestampNanoOffset = 8

	capsOurs = capsReconnect | capsMultitrack | capsModEx | capsTimestampNanoOffset
)

// Bits of a FourCC's entry in the info maps.
const (
	fourCCDecode  = 1
	fourCCForward = 4
)

// The codecs that are taken, in the order of preference. They are forwarded: who
// can play them is told by the stream's page.
var (
	ourVideo = []string{"avc1", "hvc1", "av01", "vp09", "vp08"}
	ourAudio = []string{"mp4a", "Opus", ".mp3", "ac-3", "ec-3", "fLaC"}
)

// capabilities are what a peer announced in connect beyond RTMP 1.0.
type capabilities struct {
	transaction float64
	announced   bool // anything at all: a peer that says nothing is answered as ever
	fourCCs     map[string]bool
	infos       map[string]int // by FourCC, video and audio
	capsEx      int
}

// readCapabilities reads them from a connect in plain AMF0, whose size and depth
// are bounded. What is not of the expected type is as good as not said.
func readCapabilities(c command) capabilities {
	p := capabilities{transaction: c.transaction, fourCCs: map[string]bool{}, infos: map[string]int{}}
	object, _ := at(c.values(1), 0).(map[string]any)
	list, said := object["fourCcList"].([]any)
	for _, v := range list {
		if name, ok := v.(string); ok {
			p.fourCCs[name] = true
		}
	}
	for _, key := range [...]string{"videoFourCcInfoMap", "audioFourCcInfoMap"} {
		infos, ok := object[key].(map[string]any)
		said = said || ok
		for name, v := range infos {
			if bits, ok := v.(float64); ok && bits >= 0 && bits <= 0xFF {
				p.infos[name] |= int(bits)
			}
		}
	}
	caps, ok := object["capsEx"].(float64)
	if ok && caps >= 0 && caps <= 0xFFFF {
		p.capsEx = int(caps)
	}
	p.announced = said || ok
	return p
}

// takes says whether the peer reads the codec: it has said so by name or for all.
func (p *capabilities) takes(fourCC string) bool {
	if p.fourCCs[fourCC] || p.fourCCs["*"] {
		return true
	}
	return (p.infos[fourCC]|p.infos["*"])&(fourCCDecode|fourCCForward) != 0
}

// result is the answer to connect, as the library gives it, with what we take. It
// is in both objects: peers look in either. The encoding is AMF0 even for those
// who asked for AMF3, so that nothing comes that could not be read.
func (p *capabilities) result() *message {
	body := appendNumber(appendString(nil, "_result"), p.transaction)
	server := connectResult{}.GetServerConnectResultProperties()
	body = append(body, amfObject)
	body = appendString(appendKey(body, "fmsVer"), server.FMSVer)
	body = appendNumber(appendKey(body, "capabilities"), float64(server.Capabilities))
	body = appendNumber(appendKey(body, "mode"), float64(server.Mode))
	body = appendOurs(body)
	body = append(body, 0, 0, amfObjectEnd, amfObject)
	body = appendString(appendKey(body, "level"), "status")
	body = appendString(appendKey(body, "code"), codeConnected)
	body = appendString(appendKey(body, "description"), "Connection succeeded.")
	body = appendNumber(appendKey(body, "objectEncoding"), 0)
	body = appendOurs(body)
	body = append(body, 0, 0, amfObjectEnd)
	return &message{kind: typeCommandAMF0, body: body}
}

// codeConnected is in the library's answer if it lets the peer in.
const codeConnected = "NetConnection.Connect.Success"

// answers tells the library's consent to this peer's connect.
func (p *capabilities) answers(m *message) bool {
	if !p.announced || m.kind != typeCommandAMF0 || !bytes.Contains(m.body, []byte(codeConnected)) {
		return false
	}
	c, err := parseCommand(m.body)
	return err == nil && c.name == "_result" && c.transaction == p.transaction
}

func appendOurs(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(appendKey(b, "fourCcList"), amfStrictArray), uint32(len(ourVideo)+len(ourAudio)))
	for _, list := range [...][]string{ourVideo, ourAudio} {
		for _, name := range list {
			b = appendString(b, name)
		}
	}
	b = appendInfos(appendKey(b, "videoFourCcInfoMap"), ourVideo)
	b = appendInfos(appendKey(b, "audioFourCcInfoMap"), ourAudio)
	return appendNumber(appendKey(b, "capsEx"), capsOurs)
}

func appendInfos(b []byte, names []string) []byte {
	b = append(b, amfObject)
	for _, name := range names {
		b = appendNumber(appendKey(b, name), fourCCForward)
	}
	return append(b, 0, 0, amfObjectEnd)
}

// appendKey appends the name of an object's property.
func appendKey(b []byte, key string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(key))), key...)
}
