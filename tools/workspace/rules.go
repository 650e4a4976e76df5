package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// Check holds every module to the rules of this repository and returns all that is wrong, joined:
// one language version everywhere; siblings required at the versions of versions.txt; replace lines for siblings only,
// by relative path, and none in applications; a README, and a CHANGELOG where the module is published.
func (w *Workspace) Check() error {
	var problems []error
	complain := func(m Module, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", m.Dir, fmt.Sprintf(format, args...)))
	}
	for _, m := range w.Modules {
		if m.File.Go == nil || version.Lang("go"+m.File.Go.Version) != version.Lang("go"+w.GoVersion) {
			complain(m, "its go directive is of another language version than that of go.work, %s", w.GoVersion)
		}
		w.checkRequired(m, complain)
		w.checkReplaced(m, complain)
		if !exists(w.Abs(m.Dir, "README.md")) {
			complain(m, "no README.md")
		}
		if m.Published() && !exists(w.Abs(m.Dir, "CHANGELOG.md")) {
			complain(m, "published, and no CHANGELOG.md")
		}
	}
	return errors.Join(problems...)
}

func (w *Workspace) checkRequired(m Module, complain func(Module, string, ...any)) {
	for _, req := range m.File.Require {
		if !strings.HasPrefix(req.Mod.Path, w.Path+"/") {
			continue
		}
		sibling, ok := w.Module(strings.TrimPrefix(req.Mod.Path, w.Path+"/"))
		switch {
		case !ok:
			complain(m, "requires %s, which is not in go.work", req.Mod.Path)
		case sibling.Published() && req.Mod.Version != sibling.Version:
			complain(m, "requires %s %s, versions.txt says %s", req.Mod.Path, req.Mod.Version, sibling.Version)
		case !sibling.Published() && m.Published():
			complain(m, "is published and requires %s, which is never tagged", req.Mod.Path)
		}
	}
}

func (w *Workspace) checkReplaced(m Module, complain func(Module, string, ...any)) {
	if m.Application() && len(m.File.Replace) > 0 {
		complain(m, "has replace lines; go install refuses a program with replace lines")
		return
	}
	for _, r := range m.File.Replace {
		sibling, ok := w.Module(strings.TrimPrefix(r.Old.Path, w.Path+"/"))
		if !ok || r.New.Version != "" {
			complain(m, "replaces %s, which is not a sibling in this repository", r.Old.Path)
			continue
		}
		if filepath.IsAbs(r.New.Path) || filepath.Clean(w.Abs(m.Dir, filepath.FromSlash(r.New.Path))) != w.Abs(sibling.Dir) {
			complain(m, "replaces %s by %s, which is not its directory", r.Old.Path, r.New.Path)
		}
	}
	if m.Application() {
		return
	}
	for _, s := range w.Siblings(m) {
		if !replaces(m.File, s.Path) {
			complain(m, "requires %s without a replace line, so it can't be built alone before the tag", s.Path)
		}
	}
}

// CheckPinned asserts that each module requires the dependency at exactly the version that its dependent asks for.
// modernc.org/sqlite is generated against one version of modernc.org/libc and breaks in odd ways with another.
func (w *Workspace) CheckPinned(ctx context.Context, dependent, dependency string) error {
	var problems []error
	for _, m := range w.Modules {
		have := required(m.File, dependency)
		asker := required(m.File, dependent)
		if asker == "" {
			if have != "" {
				problems = append(problems, fmt.Errorf("%s: requires %s without %s", m.Dir, dependency, dependent))
			}
			continue
		}
		want, err := w.askedFor(ctx, dependent, asker, dependency)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", m.Dir, err))
		} else if have != want {
			problems = append(problems, fmt.Errorf("%s: requires %s %q, %s %s asks for %s", m.Dir, dependency, have, dependent, asker, want))
		}
	}
	return errors.Join(problems...)
}

func (w *Workspace) askedFor(ctx context.Context, dependent, version, dependency string) (string, error) {
	out, err := Output(w.Go(ctx, Alone, "tools", "mod", "download", "-json", dependent+"@"+version))
	if err != nil {
		return "", err
	}
	var downloaded struct{ GoMod string }
	if err := json.Unmarshal([]byte(out), &downloaded); err != nil {
		return "", err
	}
	data, err := os.ReadFile(downloaded.GoMod)
	if err != nil {
		return "", err
	}
	file, err := modfile.ParseLax(downloaded.GoMod, data, nil)
	if err != nil {
		return "", err
	}
	return required(file, dependency), nil
}

func required(f *modfile.File, path string) string {
	for _, req := range f.Require {
		if req.Mod.Path == path {
			return req.Mod.Version
		}
	}
	return ""
}

func replaces(f *modfile.File, path string) bool {
	for _, r := range f.Replace {
		if r.Old.Path == path {
			return true
		}
	}
	return false
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}
