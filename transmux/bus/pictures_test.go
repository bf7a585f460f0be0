package bus

import (
	"testing"
	"time"

	"millrace/transmux/av"
)

func TestPictures(t *testing.T) {
	h := New(Config{})
	defer h.Close()
	if list := h.Pictures("none", 10); list != nil {
		t.Errorf("of nothing: %v", list)
	}
	p, err := h.Publish("a", PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	video := p.SetTrack(av.Track{Kind: av.Video, Codec: av.H264})
	audio := p.SetTrack(av.Track{Kind: av.Audio, Codec: av.Opus})
	begin := time.Now()
	for i := range 9 {
		at := time.Duration(i) * 40 * time.Millisecond
		kind := av.Delta
		if i == 0 {
			kind = av.Key
		}
		p.Write(&av.Frame{Track: video, Type: kind, PTS: at, DTS: at, Arrived: begin.Add(at), Parts: [][]byte{make([]byte, 10+i)}})
		p.Write(&av.Frame{Track: audio, Type: av.Key, PTS: at, DTS: at, Arrived: begin.Add(at), Parts: [][]byte{{1}}})
	}
	list := h.Pictures("a", 100)
	if len(list) != 9 || list[0].Type != av.Key || list[8].Type != av.Delta || list[8].Track != video.ID {
		t.Fatalf("%+v", list)
	}
	for i, one := range list {
		if one.Bytes != 10+i || !one.Arrived.Equal(begin.Add(time.Duration(i)*40*time.Millisecond)) {
			t.Errorf("%d: %+v", i, one)
		}
	}
	if few := h.Pictures("a", 3); len(few) != 3 || few[2] != list[8] {
		t.Errorf("the newest three: %+v", few)
	}
}

func TestBehind(t *testing.T) {
	h := New(Config{})
	defer h.Close()
	p, err := h.Publish("a", PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	video := p.SetTrack(av.Track{Kind: av.Video, Codec: av.H264})
	sub, err := h.Subscribe(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if sub.Behind() != 0 {
		t.Error("of no track")
	}
	write := func(i int, kind av.Type) {
		at := time.Duration(i) * time.Second
		p.Write(&av.Frame{Track: video, Type: kind, PTS: at, DTS: at, Arrived: time.Now(), Parts: [][]byte{{1}}})
	}
	write(0, av.Key)
	sub.Follow(video.ID, 0)
	for i := range 3 {
		write(i+1, av.Delta)
	}
	for i := range 4 {
		if got, want := sub.Behind(), time.Duration(3-i)*time.Second; got != want {
			t.Errorf("before reading frame %d: %v, want %v", i, got, want)
		}
		if sub.Poll() == nil {
			t.Fatal("no frame")
		}
	}
	if sub.Behind() != 0 || sub.Video().Jumps() != 0 {
		t.Errorf("at the live edge: %v", sub.Behind())
	}
}
