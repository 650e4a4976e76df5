package workspace

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Files lists the files of the repository below dir, relative to the root, with slashes, sorted: what is committed and
// what git would not ignore, without what is deleted. It is what a tag would hold if everything were committed.
func (w *Workspace) Files(dir string) ([]string, error) {
	cmd := exec.Command("git", "-c", "safe.directory="+w.Root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", dir)
	cmd.Dir = w.Root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files %s: %w: %s", dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	var files []string
	for name := range bytes.SplitSeq(out, []byte{0}) {
		if len(name) > 0 && exists(filepath.Join(w.Root, filepath.FromSlash(string(name)))) {
			files = append(files, string(name))
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// GoFiles lists the Go files of the repository as Files does.
func (w *Workspace) GoFiles() ([]string, error) {
	files, err := w.Files(".")
	return slices.DeleteFunc(files, notGo), err
}

// Unformatted returns those of the Go files among files that gofmt -s would change.
func (w *Workspace) Unformatted(ctx context.Context, files []string) ([]string, error) {
	out, err := w.gofmt(ctx, "-l", files)
	return strings.Fields(out), err
}

// Format formats the Go files among files.
func (w *Workspace) Format(ctx context.Context, files []string) error {
	_, err := w.gofmt(ctx, "-w", files)
	return err
}

func (w *Workspace) gofmt(ctx context.Context, flag string, files []string) (string, error) {
	var said strings.Builder
	sources := slices.DeleteFunc(slices.Clone(files), notGo)
	for chunk := range slices.Chunk(sources, 500) { // a command line has an end
		out, err := Output(w.Command(ctx, Together, ".", "gofmt", append([]string{"-s", flag}, chunk...)...))
		if err != nil {
			return "", err
		}
		said.WriteString(out)
	}
	return said.String(), nil
}

func notGo(name string) bool { return path.Ext(name) != ".go" }
