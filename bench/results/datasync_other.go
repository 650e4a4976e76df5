//go:build !linux

package results

import "os"

// datasync waits until what was written is on the disk, as databases do.
func datasync(f *os.File) error { return f.Sync() }
