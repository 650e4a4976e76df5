// Package browser drives pages in headless Chromium, as a visitor does: by what is on the page,
// by mouse and by keyboard. What a page complains about to nobody, such as an error on its
// console or a violation of its content security policy, fails the test.
package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// ProgramVariable names the Chromium to use, if it is not to be looked for.
const ProgramVariable = "CHROMIUM"

// ErrNoBrowser reports a machine without Chromium.
var ErrNoBrowser = errors.New("there is no Chromium: install it (apt-get install chromium), or say in " + ProgramVariable + " where it is")

// Browser is a Chromium that runs until the test ends.
type Browser struct {
	tb      testing.TB
	process *supervisor.Process
	ctx     context.Context
}

// find returns the path of Chromium.
func find() (string, error) {
	if path := os.Getenv(ProgramVariable); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

var devToolsLine = regexp.MustCompile(`^DevTools listening on (ws://127\.0\.0\.1:\d+/\S+)$`)

// Start starts Chromium with a profile of its own. Fails the test if there is none.
func Start(tb testing.TB) *Browser {
	tb.Helper()
	path, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "chromium-") // near the root, as the names of its sockets may not be long
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// What Chromium started may write for as long as it takes to be gone.
		if err := supervisor.Poll(context.Background(), patience, func(context.Context) error { return os.RemoveAll(dir) }); err != nil {
			tb.Error(err)
		}
	})
	args := []string{
		"--headless", "--remote-debugging-port=0", "--remote-allow-origins=*",
		"--user-data-dir=" + filepath.Join(dir, "profile"),
		"--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
		"--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
		"--no-first-run", "--no-default-browser-check", "--mute-audio", "--log-level=3", "--lang=en-US", "--window-size=1280,900", "about:blank",
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // which Chromium refuses to use for root
	}
	b := &Browser{tb: tb}
	b.process = supervisor.Start(tb, supervisor.Spec{
		Name: "chromium", Path: path, Args: args, Env: []string{"TMPDIR=" + dir},
		Ready: func(_ context.Context, p *supervisor.Process) error {
			if p.Stderr().Find(devToolsLine) == nil {
				return errors.New("it has not said where it listens")
			}
			return nil
		},
	})
	tb.Cleanup(b.close)
	address := b.process.Stderr().Find(devToolsLine)[1]
	allocator, cancel := remote.NewAllocator(context.Background(), address, remote.NoModifyURL)
	tb.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(allocator, chromedp.WithErrorf(quiet))
	tb.Cleanup(cancel)
	if err := chromedp.Do(b.ctx); err != nil {
		tb.Fatalf("reach Chromium: %v", err)
	}
	return b
}

// quiet drops what chromedp says of events that it is too old to know.
func quiet(string, ...any) {}

// patience is how long anything may take that has to happen at all.
const patience = 30 * time.Second

// close asks Chromium to end, so that it sees to the many processes that it has started. One that
// does not is killed with the test.
func (b *Browser) close() {
	_ = b.process.Signal(syscall.SIGTERM) // the error is that it has ended
	_ = supervisor.Poll(context.Background(), patience, func(context.Context) error {
		if !b.process.Ended() {
			return errors.New("it runs")
		}
		return nil
	})
}
