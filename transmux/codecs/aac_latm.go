package codecs

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
)

// AACOfLATM is the AudioSpecificConfig in a StreamMuxConfig (ISO 14496-3 table
// 1.42), as session descriptions have it for LATM (RFC 6416 section 7.3). It fails
// on more than one program or layer.
func AACOfLATM(config []byte) (asc []byte, err error) {
	var mux mpeg4audio.StreamMuxConfig
	if err := mux.Unmarshal(config); err != nil {
		return nil, fmt.Errorf("codecs: LATM configuration: %w", err)
	}
	if len(mux.Programs) != 1 || len(mux.Programs[0].Layers) != 1 || mux.Programs[0].Layers[0].AudioSpecificConfig == nil {
		return nil, errors.New("codecs: LATM configuration: more than one program or layer")
	}
	asc, err = mux.Programs[0].Layers[0].AudioSpecificConfig.Marshal()
	if err != nil {
		return nil, fmt.Errorf("codecs: LATM configuration: %w", err)
	}
	return asc, nil
}
