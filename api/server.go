package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Ports are the numbers the listeners really have, zero for one that is off.
type Ports struct {
	RTMP   int `json:"rtmp_port"`
	RTSP   int `json:"rtsp_port"`
	HTTP   int `json:"http_port"`
	WebRTC int `json:"webrtc_port"`
}

// Server is what a page needs for saying how to publish to this gateway.
type Server struct {
	Version string `json:"version"`
	Ports
	Needs []string `json:"needs_credential"` // which actions
}

// GetServer tells it everybody.
func (o operations) GetServer(context.Context, GetServerRequestObject) (GetServerResponseObject, error) {
	return GetServer200JSONResponse{o.cfg.Version, o.cfg.Ports, o.needs()}, nil
}

// answer writes v as JSON. What this face says is true only now, so it is never
// to be stored.
func answer(w http.ResponseWriter, v any) { answerWith(w, http.StatusOK, v) }

func answerWith(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
