package bank_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// Without any configuration the bank opens on a file in the user's data directory, says in one
// line where to click, and takes another port if the usual one is taken. The demo fills it while
// it is open, and what it holds then is as it should be.
func TestFirstMinute(t *testing.T) {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "BANK_") {
			t.Setenv(name, "") // restores it afterwards
			os.Unsetenv(name)
		}
	}
	data := t.TempDir()
	program := supervisor.Build(t, bankdPackage)
	database := filepath.Join(data, "eventsource-bank", "bank.db")
	start := func() *bankd {
		t.Helper()
		b := &bankd{program: program, database: database}
		b.Process = supervisor.Start(t, supervisor.Spec{Name: "bankd", Path: program, Ready: b.ready, Env: []string{"XDG_DATA_HOME=" + data}})
		return b
	}
	first, second := start(), start()
	if first.URL() == second.URL() {
		t.Errorf("two banks at %s", first.URL())
	}
	for _, b := range []*bankd{first, second} {
		if lines, _, err := b.Stdout().Lines(0); err != nil || len(lines) != 1 {
			t.Errorf("not one line: %q %v", lines, err)
		}
	}
	if _, err := os.Stat(database); err != nil {
		t.Error(err)
	}
	stop(t, second)

	demo := supervisor.Start(t, supervisor.Spec{Name: "bankd-demo", Path: program, Args: []string{"demo", "-n", "12"}, Env: []string{"XDG_DATA_HOME=" + data}})
	if exit := demo.WaitWithin(patience); exit != (supervisor.Exit{}) {
		t.Fatalf("demo: %v", exit)
	}
	c := newClient(first)
	err := supervisor.Poll(t.Context(), patience, func(ctx context.Context) error {
		accounts, err := all[account](ctx, c, "/api/v1/accounts", "")
		if err == nil && len(accounts) != 12 {
			err = errNotYet
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := get[map[string]any](t.Context(), c, "/openapi.json", ""); err != nil {
		t.Error(err)
	}
	stop(t, first)
	if v := first.verify(t); v.Accounts != 12 || v.Events < 100 {
		t.Errorf("the demo made %+v", v)
	}
}

// What can't be configured is said by name, and nothing is opened.
func TestBadConfiguration(t *testing.T) {
	p := supervisor.Start(t, supervisor.Spec{
		Name: "bankd", Path: supervisor.Build(t, bankdPackage), Env: []string{"BANK_DATABASE=" + newDatabase(t), "BANK_SHUTDOWN=s3cret"},
	})
	if exit := p.Wait(); exit.Code == 0 || exit.Signal != 0 {
		t.Errorf("exit %v", exit)
	}
	if p.Stderr().Find(regexp.MustCompile("BANK_SHUTDOWN")) == nil || p.Stderr().Find(regexp.MustCompile("s3cret")) != nil {
		t.Error("the variable is not named, or its value is")
	}
	if lines, _, err := p.Stdout().Lines(0); err != nil || len(lines) != 0 {
		t.Errorf("it says %q %v", lines, err)
	}
}
