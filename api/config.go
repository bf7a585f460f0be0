package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"millrace/transmux/access"
	"millrace/transmux/problem"
)

// maxConfig bounds a configuration that is sent, in bytes: a thousand sources with
// all their settings are a quarter of it.
const maxConfig = 1 << 20

// Setting is one key of the configuration as it is in force. Secrets are "***".
type Setting struct {
	Key     string `json:"key"`
	Value   string `json:"value"`             // a list has commas between; a section is YAML
	Source  string `json:"source"`            // "default", "file", "environment", "flag"
	Default string `json:"default,omitempty"` // as docs/settings.md has it
	About   string `json:"about,omitempty"`   // what it is, likewise
	Live    bool   `json:"live"`              // can be changed without a restart
}

// SettingChange is one key that a reload has changed. Secrets are "***".
type SettingChange struct {
	Key string `json:"key"`
	Old string `json:"old"`
	New string `json:"new"`
}

// ConfigChange is what came of a new configuration.
type ConfigChange struct {
	Changed []SettingChange `json:"changed"`
	// Overridden are keys of the new configuration that the environment or the
	// command line goes over.
	Overridden []string `json:"overridden"`
	Persisted  bool     `json:"persisted"` // the file has been written
}

// Configuration is the gateway's, to be shown and to be changed as it runs.
type Configuration interface {
	// Settings are all of them by key, and an entity tag that changes with them.
	Settings() (list []Setting, etag string)
	// Replace puts a YAML file's text in the place of the present one, all of it or
	// nothing. ifMatch is "" or the header's; persist also writes the file that
	// the gateway was started with. An error is a *problem.Problem.
	Replace(text []byte, ifMatch string, persist bool) (ConfigChange, error)
}

// mayAdminister answers those who may not.
func (a *API) mayAdminister(w http.ResponseWriter, r *http.Request) bool {
	if a.cfg.Access == nil {
		return true
	}
	ask := requestOf(r)
	ask.Action = access.Admin
	if _, err := a.cfg.Access.Ask(r.Context(), ask); err != nil {
		refuse(w, err)
		return false
	}
	return true
}

// getConfig shows the configuration to those who may change it.
func (a *API) getConfig(w http.ResponseWriter, r *http.Request) {
	if !a.mayAdminister(w, r) {
		return
	}
	if a.cfg.Configuration == nil {
		notFound(w, r)
		return
	}
	list, etag := a.cfg.Configuration.Settings()
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	answer(w, map[string]any{"settings": list, "total": len(list)})
}

// putConfig changes it; the guard has seen to it that the one who asks may.
func (a *API) putConfig(w http.ResponseWriter, r *http.Request) {
	if a.cfg.Configuration == nil {
		notFound(w, r)
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/yaml" && kind != "application/x-yaml" && kind != "text/yaml" {
		problem.New(http.StatusUnsupportedMediaType, "Send the configuration file's text as application/yaml.").Write(w)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxConfig))
	if err != nil {
		p := problem.New(http.StatusBadRequest, "The configuration did not arrive whole. Send it again.")
		if big := new(http.MaxBytesError); errors.As(err, &big) {
			p = problem.New(http.StatusRequestEntityTooLarge, "A configuration has a megabyte at most.")
		}
		p.Write(w)
		return
	}
	persist := r.URL.Query().Get("persist")
	if persist != "" && persist != "true" && persist != "false" {
		problem.New(http.StatusBadRequest, "persist is true or false: whether the file is written, too.").Write(w)
		return
	}
	change, err := a.cfg.Configuration.Replace(text, strings.TrimSpace(r.Header.Get("If-Match")), persist == "true")
	if no := new(problem.Problem); errors.As(err, &no) {
		no.Write(w)
		return
	} else if err != nil {
		a.log.Error("configuration not replaced", "cause", err)
		problem.New(http.StatusInternalServerError, "The configuration could not be replaced; the log says more.").Write(w)
		return
	}
	_, etag := a.cfg.Configuration.Settings()
	w.Header().Set("ETag", etag)
	answer(w, change)
}
