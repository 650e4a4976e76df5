package consumers_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/tools/consumers"
)

var address = regexp.MustCompile(`https?://[^\s/]+`)

// Somebody installs the bank from nothing but its path and version, and it runs.
func TestInstalledBankdStartsAndStops(t *testing.T) {
	w, o := outside(t)
	bank, ok := w.Module("apps/bank")
	if !ok {
		t.Fatal("there is no apps/bank")
	}
	bin := t.TempDir()
	install(t, o, bin, bank.Path+"/cmd/bankd@"+bank.Version)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := o.Command(ctx, bin, "", filepath.Join(bin, "bankd"))
	cmd.Env = append(os.Environ(), "BANK_ADDRESS=127.0.0.1:0", "BANK_DATABASE="+filepath.Join(t.TempDir(), "bank.db"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url := address.FindString(line)
	if url == "" {
		cancel()
		t.Fatalf("bankd said %q (%v) instead of where it is, then %v\n%s", line, err, cmd.Wait(), stderr.String())
	}
	live(t, ctx, url+"/livez")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("told to stop, bankd ended with %v\n%s", err, stderr.String())
	}
}

func install(t *testing.T, o *consumers.Outside, bin, what string) {
	t.Helper()
	cmd := o.Command(t.Context(), bin, "", "go", "install", what)
	cmd.Env = append(cmd.Env, "GOBIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go install %s: %v\n%s", what, err, out)
	}
}

func live(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s, which bankd printed, does not answer: %v", url, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", url, res.Status)
	}
}
