package whep

import (
	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// hear takes the stream's news: which renditions are being sent may have changed.
func (v *viewer) hear(n *news) {
	if n == v.news {
		return
	}
	v.news = n
	v.audience.tell(n)
	if n.several() {
		v.rethink.Store(true)
	}
}

// follow turns to what the catalog has for this viewer. While it has nothing, as
// between two publishers, the old tracks are read to their end.
func (v *viewer) follow(c *bus.Catalog) {
	v.catalog = c
	rendition := ""
	if v.news != nil && v.news.several() {
		rendition = v.wanted.Load().rendition(v.choice, v.news.layers)
	}
	video, audio := v.choice.tracks(c.Tracks, rendition)
	videoID, audioID := v.sub.Video().Track(), v.sub.Audio().Track()
	if video != nil {
		videoID = v.turn(c, video)
	}
	if audio != nil {
		v.audio.carry(audio)
		audioID = audio.ID
	}
	v.sub.Follow(videoID, audioID)
}

// turn says which video track to follow now: the old one for as long as the new
// rendition has no keyframe to change over at.
func (v *viewer) turn(c *bus.Catalog, video *av.Track) av.TrackID {
	cursor := v.sub.Video()
	old := c.Track(cursor.Track())
	if old != nil && (old.ID == video.ID || old.Codec == video.Codec) {
		cursor.Switch(video.ID)
		if old.ID != video.ID {
			return old.ID
		}
	}
	v.video.carry(video)
	return video.ID
}
