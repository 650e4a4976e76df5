package pack

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"golang.org/x/mod/sumdb/dirhash"
)

// file is an entry of a module's zip: a file on disk, or data in its place.
type file struct {
	rel  string // in the module, with slashes
	name string // on disk; empty for data
	data []byte
}

func (f file) Path() string { return f.rel }

func (f file) Lstat() (os.FileInfo, error) {
	if f.name != "" {
		return os.Lstat(f.name)
	}
	return dataInfo{f}, nil
}

func (f file) Open() (io.ReadCloser, error) {
	if f.name != "" {
		return os.Open(f.name)
	}
	return io.NopCloser(bytes.NewReader(f.data)), nil
}

type dataInfo struct{ file }

func (i dataInfo) Name() string     { return path.Base(i.rel) }
func (i dataInfo) Size() int64      { return int64(len(i.data)) }
func (dataInfo) Mode() fs.FileMode  { return 0o644 }
func (dataInfo) ModTime() time.Time { return time.Time{} }
func (dataInfo) IsDir() bool        { return false }
func (dataInfo) Sys() any           { return nil }

func hashGoMod(data []byte) (string, error) {
	return dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
}
