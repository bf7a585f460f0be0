package reload

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"millrace/api"
	"millrace/transmux/problem"
)

// bodyName stands for the file's in complaints about a text that came by the API.
const bodyName = "the configuration sent"

// Settings is api.Configuration's.
func (r *Reloader) Settings() (list []api.Setting, etag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now.Settings(r.live), r.etagLocked()
}

// Replace is api.Configuration's.
func (r *Reloader) Replace(text []byte, ifMatch string, persist bool) (api.ConfigChange, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change, err := r.replaceLocked(text, ifMatch, persist)
	if err != nil {
		r.refused++
		// One line, and no more of a text that somebody else has written.
		r.log.Warn("configuration not replaced, and nothing changed", "by", "api")
	}
	return change, err
}

func (r *Reloader) replaceLocked(text []byte, ifMatch string, persist bool) (change api.ConfigChange, err error) {
	switch {
	case r.in == nil:
		return change, problem.New(http.StatusConflict, "This gateway was not started by a configuration.")
	case ifMatch != "" && ifMatch != "*" && ifMatch != r.etagLocked():
		return change, problem.New(http.StatusPreconditionFailed, "The configuration has changed since it was read. Read it again, and send yours on top of that.")
	case persist && r.in.File == "":
		return change, problem.New(http.StatusConflict, "The gateway was started without --config, so there is no file to write. Leave persist out.")
	}
	next, err := r.in.ReadText(bodyName, text)
	if err != nil {
		p := problem.New(http.StatusUnprocessableEntity, "Nothing was changed: "+strings.ReplaceAll(err.Error(), "\n", "; ")+".")
		p.Title = "The configuration is not valid"
		return change, p
	}
	if keys := next.Copied(); len(keys) > 0 {
		return change, problem.New(http.StatusUnprocessableEntity, "Nothing was changed: "+strings.Join(keys, ", ")+
			" has *** in it, which stands for a secret that is not shown. Write the secret itself.")
	}
	if name := next.Hooks.CommandBesides(&r.now.Hooks); name != "" {
		return change, problem.New(http.StatusForbidden, "Nothing was changed: the hook "+name+
			" has a command that the gateway does not have. Who may administer over the network may not run programs here: write it into the file, and send SIGHUP.")
	}
	var write func() error
	if persist {
		write = func() error { return replaceFile(r.in.File, text) }
	}
	list, err := r.apply(next, "api", write)
	if err != nil {
		return change, problem.New(http.StatusConflict, "Nothing was changed: "+err.Error()+".")
	}
	return api.ConfigChange{
		Changed: append([]api.SettingChange{}, list...), Overridden: append([]string{}, next.Overridden...), Persisted: persist,
	}, nil
}

// replaceFile puts a text in a file's place, whole or not at all, with the same
// rights as before: a reader never finds half of it.
func replaceFile(name string, text []byte) (err error) {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return fmt.Errorf("the file cannot be written: %w", bare(err))
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".millrace-*.yaml")
	if err != nil {
		return fmt.Errorf("the file cannot be written: %w", bare(err))
	}
	_, wrote := f.Write(text)
	err = errors.Join(wrote, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it may be gone
		return fmt.Errorf("the file cannot be written: %w", bare(err))
	}
	return nil
}

// bare is a file's error without its path, which is nobody's business who asks over
// the network.
func bare(err error) error {
	if at := new(fs.PathError); errors.As(err, &at) {
		return at.Err
	}
	return err
}
