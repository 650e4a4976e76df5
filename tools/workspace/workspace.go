// Package workspace knows the modules of this repository: where they are, what they are called, which of them are
// published and at which version.
package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Workspace is what go.work lists, read once.
type Workspace struct {
	Root      string   // directory of go.work, absolute
	Path      string   // module root, the prefix of every module's path
	GoVersion string   // the go directive of go.work
	Modules   []Module // in the order of go.work
}

// Module is one module of the workspace.
type Module struct {
	Dir     string // relative to the root, with slashes
	Path    string
	Version string // of its next tag; empty when it is never tagged
	File    *modfile.File
}

// Published reports whether others can require the module.
func (m Module) Published() bool { return m.Version != "" }

// Application reports whether the module is a program to install or to copy. It must resolve its siblings by their
// versions alone, since "go install" refuses replace lines and gonew would copy them.
func (m Module) Application() bool {
	return strings.HasPrefix(m.Dir, "apps/") || strings.HasPrefix(m.Dir, "cmd/")
}

// ErrNoWorkspace says that neither a directory nor any above it holds a go.work.
var ErrNoWorkspace = errors.New("no go.work here or above")

// Find returns the nearest directory at or above dir that holds a go.work.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ErrNoWorkspace
		}
		dir = up
	}
}

// Here loads the workspace around the working directory.
func Here() (*Workspace, error) {
	root, err := Find(".")
	if err != nil {
		return nil, err
	}
	return Load(root)
}

// Load reads the workspace at root. The module root is that of the tools module, which is outside of go.work.
func Load(root string) (*Workspace, error) {
	data, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork("go.work", data, nil)
	if err != nil {
		return nil, err
	}
	tools, err := readMod(root, "tools")
	if err != nil {
		return nil, err
	}
	versions, err := readVersions(filepath.Join(root, "tools", "versions.txt"))
	if err != nil {
		return nil, err
	}
	w := &Workspace{Root: root, Path: strings.TrimSuffix(tools.Module.Mod.Path, "/tools")}
	if work.Go != nil {
		w.GoVersion = work.Go.Version
	}
	for _, use := range work.Use {
		dir := path.Clean(filepath.ToSlash(use.Path))
		file, err := readMod(root, dir)
		if err != nil {
			return nil, err
		}
		if got, want := file.Module.Mod.Path, w.Path+"/"+dir; got != want {
			return nil, fmt.Errorf("%s/go.mod: module %s, its directory says %s", dir, got, want)
		}
		version, listed := versions[dir]
		if !listed {
			return nil, fmt.Errorf("tools/versions.txt: %s is in go.work and not listed", dir)
		}
		delete(versions, dir)
		w.Modules = append(w.Modules, Module{Dir: dir, Path: file.Module.Mod.Path, Version: version, File: file})
	}
	for dir := range versions {
		return nil, fmt.Errorf("tools/versions.txt: %s is listed and not in go.work", dir)
	}
	return w, nil
}

// Module returns the module in dir, which is relative to the root.
func (w *Workspace) Module(dir string) (Module, bool) {
	i := slices.IndexFunc(w.Modules, func(m Module) bool { return m.Dir == dir })
	if i < 0 {
		return Module{}, false
	}
	return w.Modules[i], true
}

// Known returns an error that names what there is, unless each of dirs holds a module of the workspace or is one of besides.
func (w *Workspace) Known(dirs []string, besides ...string) error {
	var known []string
	for _, m := range w.Modules {
		known = append(known, m.Dir)
	}
	known = append(known, besides...)
	for _, dir := range dirs {
		if !slices.Contains(known, dir) {
			return fmt.Errorf("%s is not a module of the workspace: %s", dir, strings.Join(known, ", "))
		}
	}
	return nil
}

// Owner returns the module that the package belongs to: of those whose path is a prefix, the longest.
func (w *Workspace) Owner(pkg string) (Module, bool) {
	var best Module
	for _, m := range w.Modules {
		if (pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/")) && len(m.Path) > len(best.Path) {
			best = m
		}
	}
	return best, best.Path != ""
}

// Siblings returns the modules of the workspace that m requires.
func (w *Workspace) Siblings(m Module) []Module {
	var siblings []Module
	for _, req := range m.File.Require {
		for _, s := range w.Modules {
			if s.Path == req.Mod.Path {
				siblings = append(siblings, s)
			}
		}
	}
	return siblings
}

// Ordered returns the modules so that each comes after those it requires, and otherwise as in go.work.
func (w *Workspace) Ordered() []Module {
	var ordered []Module
	seen := map[string]bool{}
	var visit func(m Module)
	visit = func(m Module) {
		if seen[m.Path] {
			return
		}
		seen[m.Path] = true
		for _, s := range w.Siblings(m) {
			visit(s)
		}
		ordered = append(ordered, m)
	}
	for _, m := range w.Modules {
		visit(m)
	}
	return ordered
}

// Abs returns the absolute form of a path relative to the root.
func (w *Workspace) Abs(elem ...string) string {
	return filepath.Join(append([]string{w.Root}, elem...)...)
}

func readMod(root, dir string) (*modfile.File, error) {
	name := path.Join(dir, "go.mod")
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such module", name)
	} else if err != nil {
		return nil, err
	}
	return modfile.Parse(name, data, nil)
}
