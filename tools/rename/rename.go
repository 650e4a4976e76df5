// Package rename moves the module root of this repository to another path.
package rename

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/eventsource-go/eventsource/tools/workspace"
)

// ErrPath says that a path can't be a module root, or is the one there is.
var ErrPath = errors.New("not a new module path")

// Module replaces the workspace's module root by path in every text file that git knows or would not ignore: go.mod files,
// imports, documents, configuration. It returns the files that it changed, relative to the root.
//
// The root is replaced where it stands as a path of its own or before a slash, and not inside of a longer word. Go files are
// formatted afterwards, since their imports may sort differently.
func Module(ctx context.Context, w *workspace.Workspace, path string) (changed []string, err error) {
	if err := module.CheckPath(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPath, err)
	}
	if path == w.Path {
		return nil, fmt.Errorf("%w: %s is what it is now", ErrPath, path)
	}
	files, err := w.Files(".")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		full := w.Abs(filepath.FromSlash(name))
		stat, err := os.Lstat(full)
		if err != nil {
			return changed, err
		}
		if !stat.Mode().IsRegular() {
			continue
		}
		old, err := os.ReadFile(full)
		if err != nil {
			return changed, err
		}
		renamed := replace(old, []byte(w.Path), []byte(path))
		if bytes.Equal(old, renamed) {
			continue
		}
		if err := os.WriteFile(full, renamed, stat.Mode()&fs.ModePerm); err != nil {
			return changed, err
		}
		changed = append(changed, name)
	}
	return changed, w.Format(ctx, changed)
}

// replace leaves binary files alone.
func replace(text, old, path []byte) []byte {
	if bytes.IndexByte(text, 0) >= 0 {
		return text
	}
	var b bytes.Buffer
	for {
		i := bytes.Index(text, old)
		if i < 0 {
			b.Write(text)
			return b.Bytes()
		}
		end := i + len(old)
		b.Write(text[:i])
		if i > 0 && inWord(text[i-1]) || end < len(text) && inWord(text[end]) {
			b.Write(text[i:end])
		} else {
			b.Write(path)
		}
		text = text[end:]
	}
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
