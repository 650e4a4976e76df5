package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/verify"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// asProgram makes the test binary be bankd.
const asProgram = "TEST_RUNS_BANKD"

func TestMain(m *testing.M) {
	if standIn() {
		return
	}
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(postgrestest.Main(m.Run))
}

// process is a bankd of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	logs logs
}

type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// open starts bankd, and returns when it has said where it is.
func open(t *testing.T, address string, env ...string) *process {
	t.Helper()
	return openWith(t, append([]string{"BANK_DATABASE=" + address, "BANK_ADDRESS=127.0.0.1:0"}, env...)...)
}

// openWith starts bankd with this environment beside the test's own.
func openWith(t *testing.T, env ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	p.cmd.Stderr = &p.logs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("%v; the log is\n%s", err, &p.logs)
	}
	url, ok := strings.CutPrefix(strings.TrimSuffix(line, "/\n"), "bank is open at ")
	if !ok {
		t.Fatalf("it says %q", line)
	}
	p.url = url
	return p
}

// stop asks bankd to stop, and requires the exit code.
func (p *process) stop(want int) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	p.ends(want)
}

func (p *process) ends(want int) {
	p.t.Helper()
	_ = p.cmd.Wait() // the error is the exit code
	if code := p.cmd.ProcessState.ExitCode(); code != want {
		p.t.Errorf("exit code %d, want %d; the log is\n%s", code, want, &p.logs)
	}
}

func (p *process) do(method, path, body string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// awaitReady returns when the bank says that it is ready.
func (p *process) awaitReady() {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		code, body := p.do("GET", "/readyz", "")
		if code == 200 {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not ready: %s; the log is\n%s", body, &p.logs)
		}
	}
}

// What happened is still there after the end and a new beginning.
func TestOpenAndClose(t *testing.T) {
	address := filepath.Join(t.TempDir(), "bank.db")
	p := open(t, address)
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	p.awaitReady()
	for _, path := range []string{"/", "/livez", "/openapi.json"} {
		if code, body := p.do("GET", path, ""); code != 200 {
			t.Error(path, code, body)
		}
	}
	p.stop(exitOK)
	for _, want := range []string{"BANK_DATABASE=" + address, `route="POST /api/v1/accounts" status=201`, "bank is closed"} {
		if !strings.Contains(p.logs.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, &p.logs)
		}
	}
	if strings.Contains(p.logs.String(), "Ann") {
		t.Error("the log says who has an account")
	}
	p = open(t, address, "BANK_LOG=json")
	if code, body := p.do("GET", "/api/v1/accounts", ""); code != 200 || !strings.Contains(body, `"owner":"Ann"`) {
		t.Error(code, body)
	}
	p.stop(exitOK)
	for line := range strings.Lines(p.logs.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// The bank says that it is closing before it closes.
func TestReadinessEndsFirst(t *testing.T) {
	p := open(t, ":memory:", "BANK_DRAIN_DELAY=2s")
	p.awaitReady()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Second)
	for {
		code, body := p.do("GET", "/readyz", "")
		if code == 503 && strings.Contains(body, "drain") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(code, body)
		}
	}
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	p.ends(exitOK)
}

// A page that is kept up to date does not keep the bank from closing.
func TestStreamsDoNotHoldUpTheEnd(t *testing.T) {
	p := open(t, ":memory:")
	res, err := http.Get(p.url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	p.stop(exitOK)
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Error("the stream was cut off:", err)
	}
}

// onEach runs a test in a file and on a server, at the address of a database that is empty.
func onEach(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "bank.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.Database(t)) })
}

// Two programs use one database, and each shows what the other does.
func TestTwoProcesses(t *testing.T) { onEach(t, twoProcesses) }

func twoProcesses(t *testing.T, address string) {
	first := open(t, address)
	second := open(t, address)
	if code, body := first.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Fatal(code, body)
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, p := range []*process{first, second} {
		for {
			_, body := p.do("GET", "/api/v1/accounts", "")
			if strings.Contains(body, "Ann") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("not shown; the log is\n%s", &p.logs)
			}
		}
	}
	second.stop(exitOK)
	first.stop(exitOK)
	requireVerified(t, address)
}

// runs runs a command in this process.
func runs(t *testing.T, want int, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, env, &out, &errs); code != want {
		t.Errorf("bankd %v: exit code %d, want %d: %s%s", args, code, want, &out, &errs)
	}
	return out.String(), errs.String()
}

func requireVerified(t *testing.T, address string) {
	t.Helper()
	if out, _ := runs(t, exitOK, []string{"BANK_DATABASE=" + address}, "verify"); !strings.Contains(out, "everything is as it should be") {
		t.Error(out)
	}
}

func TestVerifyMakesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bank.db")
	if _, errs := runs(t, exitFailed, []string{"BANK_DATABASE=" + file}, "verify"); !strings.Contains(errs, "there is no bank") {
		t.Error(errs)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("verify made a bank")
	}
}

func TestDemoAndVerify(t *testing.T) { onEach(t, demoAndVerify) }

func demoAndVerify(t *testing.T, address string) {
	env := []string{"BANK_DATABASE=" + address}
	runs(t, exitOK, env, "migrate")
	if out, _ := runs(t, exitOK, env, "demo", "-n", "3", "-months", "1"); !strings.HasPrefix(out, "3 accounts, ") {
		t.Error(out)
	}
	if out, _ := runs(t, exitOK, env, "demo", "-n", "3", "-months", "1"); !strings.HasSuffix(out, " 0 of them new\n") {
		t.Error(out)
	}
	if out, _ := runs(t, exitOK, env, "verify", "-as-is"); !strings.Contains(out, "read models have not seen") {
		t.Error(out)
	}
	requireVerified(t, address)
	change(t, address, "UPDATE bank_accounts SET balance = balance + 1")
	out, _ := runs(t, exitFailed, env, "verify", "-json")
	var report verify.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Count < 3 || report.Accounts != 3 {
		t.Error(err, out)
	}
	if out, _ := runs(t, exitFailed, env, "verify"); strings.Count(out, "DIFFERENCE account ") != 3 {
		t.Error(out)
	}
}

// change executes a statement behind the bank's back.
func change(t *testing.T, address, statement string, args ...any) {
	t.Helper()
	store, err := database.Open(t.Context(), address, sqlite.Config{}, postgres.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A database that was swapped for another one under the read models' checkpoint is not served.
func TestDivergedDatabase(t *testing.T) { onEach(t, divergedDatabase) }

func divergedDatabase(t *testing.T, address string) {
	env := []string{"BANK_DATABASE=" + address}
	runs(t, exitOK, env, "demo", "-n", "1", "-months", "1")
	requireVerified(t, address)
	change(t, address, "UPDATE es_checkpoints SET event_id = ?", event.NewID().String())
	p := open(t, address)
	p.ends(exitFailed)
	if !strings.Contains(p.logs.String(), "feed has diverged") {
		t.Error(&p.logs)
	}
}

func TestCantOpen(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := open(t, ":memory:")
	defer taken.stop(exitOK)
	for name, env := range map[string][]string{
		"a directory":          {"BANK_DATABASE=" + dir, "BANK_ADDRESS=127.0.0.1:0"},
		"garbage":              {"BANK_DATABASE=" + garbage, "BANK_ADDRESS=127.0.0.1:0"},
		"under a file":         {"BANK_DATABASE=" + filepath.Join(garbage, "bank.db"), "BANK_ADDRESS=127.0.0.1:0"},
		"a port that is taken": {"BANK_DATABASE=:memory:", "BANK_ADDRESS=" + strings.TrimPrefix(taken.url, "http://")},
	} {
		out, errs := runs(t, exitFailed, env)
		if out != "" || strings.Count(errs, "level=ERROR") != 1 || !strings.Contains(errs, `msg="bank can't be opened"`) || strings.Contains(errs, "fx") {
			t.Errorf("%s: %q\n%s", name, out, errs)
		}
	}
}

func TestUsage(t *testing.T) {
	env := []string{"BANK_DATABASE=" + filepath.Join(t.TempDir(), "bank.db")}
	for _, args := range [][]string{
		{"rob"}, {"serve", "now"}, {"serve", "-x"}, {"demo", "-n", "0"}, {"demo", "-n", "many"}, {"demo", "-months", "121"}, {"verify", "it"}, {"migrate", "-down"},
	} {
		if out, errs := runs(t, exitUsage, env, args...); out != "" || errs == "" {
			t.Errorf("%v: %q, %q", args, out, errs)
		}
	}
	for flag, want := range map[string]string{
		"-n=0": "a number from 1 to 10000", "-n=10001": "a number from 1 to 10000", "-n=many": "a number from 1 to 10000",
		"-months=0": "a number from 1 to 120", "-months=121": "a number from 1 to 120", "-months=1e2": "a number from 1 to 120",
		"-seed=-1": "a whole number from 0",
	} {
		name, _, _ := strings.Cut(flag, "=")
		if _, errs := runs(t, exitUsage, env, "demo", flag); !strings.HasPrefix(errs, "bankd demo: ") || !strings.Contains(errs, "flag "+name+": ") || !strings.Contains(errs, want) {
			t.Errorf("%s: %s", flag, errs)
		}
	}
	for _, c := range commands {
		for _, help := range []string{"-h", "--help"} {
			if out, errs := runs(t, exitOK, env, c.name, help); !strings.Contains(out, "bankd "+c.name) || errs != "" {
				t.Errorf("%s %s: %q, %q", c.name, help, out, errs)
			}
		}
	}
	if out, _ := runs(t, exitOK, env, "demo", "-h"); !strings.Contains(out, "number from 1 to 120 (default 6)") {
		t.Error(out)
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		out, _ := runs(t, exitOK, env, args...)
		for _, c := range commands {
			if !strings.Contains(out, c.name) {
				t.Errorf("help does not name %s", c.name)
			}
		}
		for _, v := range variables {
			if !strings.Contains(out, v.name) {
				t.Errorf("help does not name %s", v.name)
			}
		}
	}
	if out, _ := runs(t, exitOK, env, "version"); !strings.HasPrefix(out, "bankd ") {
		t.Error(out)
	}
}
