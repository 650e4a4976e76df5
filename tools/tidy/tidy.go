// Package tidy keeps go.mod and go.sum of every module as "go mod tidy" would, also where that can't run in place.
package tidy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/tools/consumers"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Module tidies one module and returns the files that it changed, relative to the root.
//
// A library has replace lines and is tidied where it is. An application has none, and its siblings exist nowhere before
// they are tagged: a copy of it is tidied against the packed proxy, and what came of it is taken over without the
// checksums of siblings, which change with every commit until the tag. pack writes those.
func Module(ctx context.Context, w *workspace.Workspace, m workspace.Module) (changed []string, err error) {
	before := snapshot(w, m)
	if m.Application() {
		err = application(ctx, w, m)
	} else {
		_, err = workspace.Output(w.Go(ctx, workspace.Alone, m.Dir, "mod", "tidy"))
	}
	if err != nil {
		return nil, fmt.Errorf("tidy %s: %w", m.Dir, err)
	}
	for i, after := range snapshot(w, m) {
		if after != before[i] {
			changed = append(changed, m.Dir+"/"+files[i])
		}
	}
	return changed, nil
}

var files = []string{"go.mod", "go.sum"}

func snapshot(w *workspace.Workspace, m workspace.Module) [2]string {
	var contents [2]string
	for i, name := range files {
		data, err := os.ReadFile(w.Abs(m.Dir, name))
		if err == nil {
			contents[i] = string(data)
		}
	}
	return contents
}

func application(ctx context.Context, w *workspace.Workspace, m workspace.Module) error {
	outside, err := consumers.Prepare(ctx, w)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tidy")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	names, err := w.Files(m.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		rel := strings.TrimPrefix(name, m.Dir+"/")
		if err := copyFile(w.Abs(filepath.FromSlash(name)), filepath.Join(dir, filepath.FromSlash(rel))); err != nil {
			return err
		}
	}
	if err := forgetSiblings(w, filepath.Join(dir, "go.sum")); err != nil {
		return err
	}
	if _, err := workspace.Output(outside.Command(ctx, dir, "-mod=mod", "go", "mod", "tidy")); err != nil {
		return err
	}
	if err := forgetSiblings(w, filepath.Join(dir, "go.sum")); err != nil {
		return err
	}
	for _, name := range files {
		if err := copyFile(filepath.Join(dir, name), w.Abs(m.Dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// forgetSiblings removes the checksums of this workspace's modules, and makes the file if there is none.
func forgetSiblings(w *workspace.Workspace, goSum string) error {
	data, err := os.ReadFile(goSum)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	lines := slices.Collect(strings.Lines(string(data)))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, w.Path+"/") })
	return os.WriteFile(goSum, []byte(strings.Join(lines, "")), 0o644)
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
