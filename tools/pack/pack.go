// Package pack makes a module proxy of the workspace: every published module as it would be tagged, at the version that
// versions.txt gives it, served as files. A consumer that resolves the modules from there and nowhere else proves that
// their required versions suffice, which neither go.work nor replace lines can.
package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"

	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Packed is a module in the proxy.
type Packed struct {
	Path, Version string
	Sum, GoModSum string // as go.sum has them
	Files         int
	ZipBytes      int64
}

// GoSum is the module's two lines in a go.sum.
func (p Packed) GoSum() string {
	return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", p.Path, p.Version, p.Sum, p.Path, p.Version, p.GoModSum)
}

// Write replaces dir by a file proxy of the workspace's published modules. Modules are packed after those they require,
// because an application's go.sum carries the sums of its siblings.
//
// A module's files are those that git knows or would not ignore, without the modules nested in it; its licence is the
// root's when it has none, as the go command does it.
func Write(w *workspace.Workspace, dir string) ([]Packed, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	now := commitTime(w.Root)
	var packed []Packed
	for _, m := range w.Ordered() {
		if !m.Published() {
			continue
		}
		p, err := write(w, dir, m, packed, now)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", m.Dir, err)
		}
		packed = append(packed, p)
	}
	return packed, nil
}

func write(w *workspace.Workspace, dir string, m workspace.Module, siblings []Packed, now time.Time) (Packed, error) {
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return Packed{}, err
	}
	at := filepath.Join(dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return Packed{}, err
	}
	goMod, err := tagged(m)
	if err != nil {
		return Packed{}, err
	}
	files, err := contents(w, m, goMod, siblings)
	if err != nil {
		return Packed{}, err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{m.Version, now})
	if err != nil {
		return Packed{}, err
	}
	for name, data := range map[string][]byte{
		m.Version + ".mod":  goMod,
		m.Version + ".info": info,
		"list":              []byte(m.Version + "\n"),
	} {
		if err := os.WriteFile(filepath.Join(at, name), data, 0o644); err != nil {
			return Packed{}, err
		}
	}
	zipName := filepath.Join(at, m.Version+".zip")
	if err := writeZip(zipName, module.Version{Path: m.Path, Version: m.Version}, files); err != nil {
		return Packed{}, err
	}
	p := Packed{Path: m.Path, Version: m.Version, Files: len(files)}
	if p.Sum, err = dirhash.HashZip(zipName, dirhash.Hash1); err != nil {
		return Packed{}, err
	}
	if p.GoModSum, err = hashGoMod(goMod); err != nil {
		return Packed{}, err
	}
	stat, err := os.Stat(zipName)
	if err != nil {
		return Packed{}, err
	}
	p.ZipBytes = stat.Size()
	return p, nil
}

// tagged is the module's go.mod without replace lines.
func tagged(m workspace.Module) ([]byte, error) {
	original, err := m.File.Format()
	if err != nil {
		return nil, err
	}
	file, err := modfile.Parse("go.mod", original, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range file.Replace {
		if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return nil, err
		}
	}
	file.Cleanup()
	return file.Format()
}

func writeZip(name string, m module.Version, files []zip.File) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(zip.Create(f, m, files), f.Close())
}

// contents lists what the module's zip holds. Nested modules are left out by zip.Create.
func contents(w *workspace.Workspace, m workspace.Module, goMod []byte, siblings []Packed) ([]zip.File, error) {
	names, err := w.Files(m.Dir)
	if err != nil {
		return nil, err
	}
	var files []zip.File
	licensed := false
	for _, name := range names {
		rel := strings.TrimPrefix(name, m.Dir+"/")
		licensed = licensed || rel == "LICENSE"
		switch {
		case rel == "go.mod":
			files = append(files, file{rel: rel, data: goMod})
		case rel == "go.sum":
		default:
			files = append(files, file{rel: rel, name: w.Abs(filepath.FromSlash(name))})
		}
	}
	if !licensed {
		files = append(files, file{rel: "LICENSE", name: w.Abs("LICENSE")})
	}
	sums, err := taggedSums(w, m, siblings)
	if err != nil {
		return nil, err
	}
	return append(files, file{rel: "go.sum", data: sums}), nil
}

// taggedSums is the module's go.sum; an application's gets the lines of the siblings it can meet, which don't exist
// before these are tagged. Lines of other siblings do no harm and are left out.
func taggedSums(w *workspace.Workspace, m workspace.Module, siblings []Packed) ([]byte, error) {
	data, err := os.ReadFile(w.Abs(m.Dir, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, w.Path+"/") {
			b.WriteString(line)
		}
	}
	if m.Application() {
		for _, s := range siblings {
			b.WriteString(s.GoSum())
		}
	}
	return []byte(b.String()), nil
}

// URL is the GOPROXY entry for a directory.
func URL(dir string) string {
	slashed := filepath.ToSlash(dir)
	if !path.IsAbs(slashed) { // C:/…
		slashed = "/" + slashed
	}
	return "file://" + slashed
}

// commitTime is when HEAD was committed, so that packing the same commit twice gives the same bytes.
func commitTime(root string) time.Time {
	cmd := exec.Command("git", "-c", "safe.directory="+root, "log", "-1", "--format=%cI")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return time.Unix(0, 0).UTC() // no commit yet
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(out)))
	if err != nil {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}
