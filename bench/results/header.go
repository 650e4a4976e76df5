// Package results is what a run leaves and what is made of it: the header that says where the
// figures come from, the goals, and the comparison of the two.
package results

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Field is one line of a header, "key: value", as in Go's benchmark format.
type Field struct{ Key, Value string }

// Header says what the figures depend on, and no name of the machine. What can't be found out
// is left out. dir is where the files are that are measured; the disk is probed there.
func Header(ctx context.Context, dir string, probe time.Duration) []Field {
	fields := []Field{
		{"goos", runtime.GOOS},
		{"goarch", runtime.GOARCH},
		{"pkg", "github.com/eventsource-go/eventsource/bench"},
		{"cpu", cpuModel()},
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"commit", commit(ctx)},
		{"go", runtime.Version()},
		{"peers", peers()},
		{"date", time.Now().UTC().Format(time.DateOnly)},
		{"load-before", Load()},
		{"fdatasync", syncProbe(dir, probe)},
	}
	return slices.DeleteFunc(fields, func(f Field) bool { return f.Value == "" })
}

// Load returns the load average of the last minute, empty where the system has none to tell.
func Load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	one, _, _ := strings.Cut(string(data), " ")
	return one
}

func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// commit returns the commit of the working tree, marked if it has changes.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=-changed", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// peers returns the versions that are compared, as they were built.
func peers() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var found []string
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/hallgren/eventsourcing", "github.com/hallgren/eventsourcing/eventstore/sql",
			"github.com/modernice/goes", "github.com/looplab/eventhorizon", "modernc.org/sqlite",
			"github.com/jackc/pgx/v5", "github.com/lib/pq":
			found = append(found, strings.TrimPrefix(dep.Path, "github.com/")+" "+dep.Version)
		}
	}
	return strings.Join(found, ", ")
}

// syncProbe writes a page and waits until it is on the disk, again and again, and returns how
// long that usually takes.
func syncProbe(dir string, during time.Duration) string {
	f, err := os.CreateTemp(dir, "probe-")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	page := make([]byte, 8192)
	if _, err := f.Write(make([]byte, 64*len(page))); err != nil || f.Sync() != nil {
		return ""
	}
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < during; {
		start := time.Now()
		if _, err := f.WriteAt(page, int64(len(took)%64*len(page))); err != nil {
			return ""
		}
		if err := datasync(f); err != nil {
			return ""
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return fmt.Sprintf("p50 %d us, p99 %d us", took[len(took)/2].Microseconds(), took[len(took)*99/100].Microseconds())
}
