// Package consumers uses the packed modules as strangers do: as a module that imports them, as somebody who installs a
// program, as somebody who starts a service from a copy of an application. What it proves is in its tests.
package consumers

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/tools/pack"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Outside is where strangers live: no go.work, no replace line, and our modules from the packed proxy alone. It has a
// module cache of its own, since the same version is packed again and again with other content.
type Outside struct {
	w      *workspace.Workspace
	packed []pack.Packed
	env    []string
	sums   []byte // of the packed modules and of all that the workspace's modules depend on
}

// Prepare packs the workspace into .build and empties the module cache of what was packed before.
//
// Dependencies come from the machine's module cache where it has them, so they aren't downloaded twice.
func Prepare(ctx context.Context, w *workspace.Workspace) (*Outside, error) {
	proxy, cache := w.Abs(".build", "proxy"), w.Abs(".build", "modcache")
	packed, err := pack.Write(w, proxy)
	if err != nil {
		return nil, err
	}
	ours := filepath.FromSlash(w.Path)
	for _, dir := range []string{filepath.Join(cache, ours), filepath.Join(cache, "cache", "download", ours)} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	settings, err := workspace.Output(w.Go(ctx, workspace.Alone, "tools", "env", "GOPROXY", "GOMODCACHE", "GONOSUMDB"))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(settings, "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("go env answered %d lines", len(lines))
	}
	o := &Outside{w: w, packed: packed}
	o.env = append(os.Environ(),
		"GOWORK=off",
		"GOPROXY="+pack.URL(proxy)+","+pack.URL(filepath.Join(lines[1], "cache", "download"))+","+lines[0],
		"GOMODCACHE="+cache,
		"GONOPROXY=none",
		"GONOSUMDB="+strings.Trim(lines[2]+","+w.Path, ","),
		// The build cache holds an index of each module in a module cache, found by its path and version, since these don't
		// change. Ours do.
		"GODEBUG="+strings.Trim(os.Getenv("GODEBUG")+",goindex=0", ","),
	)
	o.sums, err = sums(w, packed)
	return o, err
}

// sums holds the checksums that the workspace's modules already rely on, and those of the packed modules, so that a
// stranger gets exactly these contents or an error.
func sums(w *workspace.Workspace, packed []pack.Packed) ([]byte, error) {
	names := []string{"go.work.sum"}
	for _, m := range w.Modules {
		names = append(names, filepath.Join(m.Dir, "go.sum"))
	}
	var lines []string
	for _, name := range names {
		data, err := os.ReadFile(w.Abs(name))
		if os.IsNotExist(err) {
			continue // nothing to depend on
		} else if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, w.Path+"/") {
				lines = append(lines, line)
			}
		}
	}
	for _, p := range packed {
		lines = append(lines, p.GoSum())
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), "")), nil
}

// Command is a command in a directory outside, with flags for the go command.
func (o *Outside) Command(ctx context.Context, dir, goflags, name string, args ...string) *exec.Cmd {
	cmd := o.w.Command(ctx, workspace.Alone, ".", name, args...)
	cmd.Dir = dir
	// Paths of this machine are left out of what is compiled, so that it is found again although the module cache is
	// another one; -modcacherw lets a plain rm -r remove .build.
	cmd.Env = append(slices.Clone(o.env), "PWD="+dir, "GOFLAGS=-trimpath -modcacherw -buildvcs=false "+goflags)
	return cmd
}

// Module makes a module in dir that requires the published module, at the version it was packed with, and holds files.
func (o *Outside) Module(dir string, m workspace.Module, files map[string]string) error {
	files = maps.Clone(files)
	if files == nil {
		files = map[string]string{}
	}
	files["go.mod"] = "module example.com/outside\n\ngo " + o.w.GoVersion + "\n\nrequire " + m.Path + " " + m.Version + "\n"
	files["go.sum"] = string(o.sums)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Dependencies lists the packages outside of the standard library that the module in dir compiles.
func (o *Outside) Dependencies(ctx context.Context, dir string) ([]string, error) {
	out, err := workspace.Output(o.Command(ctx, dir, "-mod=mod", "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./..."))
	return strings.Fields(out), err
}

// Packages lists what the module in dir can import from the published module: no programs, nothing internal.
func (o *Outside) Packages(ctx context.Context, dir string, m workspace.Module) ([]string, error) {
	out, err := workspace.Output(o.Command(ctx, dir, "-mod=mod", "go", "list", "-f", `{{if and (ne .Name "main") .GoFiles}}{{.ImportPath}}{{end}}`, m.Path+"/..."))
	return slices.DeleteFunc(strings.Fields(out), func(pkg string) bool { return slices.Contains(strings.Split(pkg, "/"), "internal") }), err
}
