package sqlite_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// A disk that is full, or read-only, takes mounts that the rest of the machine must not see, or
// rights and limits that the rest of the tests must not have. So such a test runs once more, in a
// process of its own, which gets its folder from these variables.
const (
	mountsVariable = "E2E_OWN_MOUNTS" // there are mounts that are this process's own
	rightsVariable = "E2E_OWN_RIGHTS" // there are none, but rights and limits are
)

// apart runs body in a process of its own. It has mounts of its own if the system lets it.
func apart(t *testing.T, body func(t *testing.T, p place)) {
	t.Helper()
	for _, variable := range []string{mountsVariable, rightsVariable} {
		if folder := os.Getenv(variable); folder != "" {
			body(t, place{t: t, dir: folder, mounts: variable == mountsVariable})
			return
		}
	}
	out, err := again(t, mountsVariable, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
	if errors.Is(err, syscall.EPERM) {
		id := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		gid := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		out, err = again(t, mountsVariable, &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER, UidMappings: id, GidMappings: gid,
		})
	}
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) { // none are allowed
		t.Log("without mounts of its own, because the system does not allow them")
		out, err = again(t, rightsVariable, new(syscall.SysProcAttr))
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("apart: %v\n%s", err, out)
		return
	}
	t.Logf("apart: %s", out)
}

func again(t *testing.T, variable string, attr *syscall.SysProcAttr) ([]byte, error) {
	t.Helper()
	attr.Pdeathsig = syscall.SIGKILL
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), variable+"="+evidence.Dir(t))
	cmd.SysProcAttr = attr
	return cmd.CombinedOutput()
}

// place is where a test that runs apart works.
type place struct {
	t      *testing.T
	dir    string
	mounts bool
}

// smallDisk returns a folder on which there is room for so many bytes, and a function that
// makes more.
func (p place) smallDisk(size int) (dir string, grow func()) {
	p.t.Helper()
	if !p.mounts {
		return p.dir, p.limitFiles(size)
	}
	dir = p.mount(p.dir, size)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, size), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return dir, func() {
		if err := os.Remove(ballast); err != nil {
			p.t.Fatal(err)
		}
	}
}

// limitFiles is the next best: no file may be larger than size until there is more room.
func (p place) limitFiles(size int) (grow func()) {
	p.t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // so that it is an error of the write
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: old.Max}); err != nil {
		p.t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			p.t.Fatal(err)
		}
	}
}

// mount returns a new file system of twice the size below parent, which is this process's alone.
func (p place) mount(parent string, size int) string {
	p.t.Helper()
	dir, err := os.MkdirTemp(parent, "disk-")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+itoa(2*size)); err != nil {
		p.t.Fatal(err)
	}
	return dir
}

// readOnly makes all in dir, which is on a disk of its own or in a folder that is given away,
// read-only for this process, which can't take it back.
func (p place) readOnly(dir string) {
	p.t.Helper()
	if p.mounts {
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chmod(filepath.Join(dir, f.Name()), 0o444); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		p.t.Fatal(err)
	}
	if os.Geteuid() == 0 { // whom no permissions bind
		const nobody = 65534
		if err := syscall.Setuid(nobody); err != nil {
			p.t.Fatal(err)
		}
	}
}
