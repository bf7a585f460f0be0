package rtpio

import (
	"fmt"

	"millrace/transmux/av"
)

// nalFrame makes a frame of a picture's NAL units, by what the codec of that name knows of
// parameter sets in band and of pictures. The second track is not nil where the
// units describe it anew.
func nalFrame(
	name string, t *av.Track, nalus [][]byte,
	update func(*av.Track, [][]byte) (av.Track, bool, error),
	frame func(*av.Track, [][]byte) (*av.Frame, error),
) (*av.Frame, *av.Track, error) {
	updated, isNew, err := update(t, nalus)
	if err != nil {
		return nil, nil, err
	}
	var changed *av.Track
	if isNew {
		c := updated // so that it is on the heap when it is new only
		t, changed = &c, &c
	}
	f, err := frame(t, nalus)
	if err == nil && f != nil && len(t.Config) == 0 {
		err = fmt.Errorf("%s picture before any parameter sets", name)
	}
	if err != nil {
		return nil, changed, err
	}
	return f, changed, nil
}
