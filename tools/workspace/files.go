package workspace

import (
	"bytes"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
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
	return slices.DeleteFunc(files, func(name string) bool { return path.Ext(name) != ".go" }), err
}
