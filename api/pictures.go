package api

import (
	"context"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// maxPictures is ten seconds at 60 a second: as much as can be drawn side by side.
const maxPictures = 600

// RecentPictures finds the newest pictures of a stream, oldest first and at most so many.
type RecentPictures func(stream string, limit int) []bus.Picture

// GetStreamPictures is for the picture of the stream's GOPs.
func (o operations) GetStreamPictures(ctx context.Context, r GetStreamPicturesRequestObject) (GetStreamPicturesResponseObject, error) {
	if _, err := o.seen(ctx, r.Name); err != nil {
		return nil, err
	}
	told := Pictures{Frames: []Picture{}}
	if o.cfg.Pictures != nil {
		for _, p := range o.cfg.Pictures(r.Name, maxPictures) {
			told.Frames = append(told.Frames, Picture{
				At: p.Arrived.UTC(), Kind: kindOf(p.Type), Bytes: p.Bytes, Track: uint32(p.Track),
			})
		}
	}
	return GetStreamPictures200JSONResponse(told), nil
}

func kindOf(t av.Type) PictureKind {
	switch t {
	case av.Key:
		return PictureKindKey
	case av.Bidirectional:
		return PictureKindB
	default:
		return PictureKindDelta
	}
}
