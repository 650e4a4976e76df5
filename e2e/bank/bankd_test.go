// Package bank_test is what the bank promises as a program: over HTTP, under kills, in a browser.
package bank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// patience is how long anything may take that has to happen at all.
const patience = time.Minute

const bankdPackage = "apps/bank/cmd/bankd"

// bankd is a bank that is open, or was.
type bankd struct {
	*supervisor.Process
	program, database string
	url               atomic.Pointer[string] // without a slash at the end
}

func newDatabase(tb testing.TB) string { return filepath.Join(evidence.Dir(tb), "bank.db") }

var openLine = regexp.MustCompile(`^bank is open at (http://127\.0\.0\.1:\d+)/$`)

// startBank opens a bank, and returns when it is ready.
func startBank(tb testing.TB, program, database string) *bankd {
	tb.Helper()
	return startBankAt(tb, program, database, "127.0.0.1:0")
}

func startBankAt(tb testing.TB, program, database, address string, env ...string) *bankd {
	tb.Helper()
	b := &bankd{program: program, database: database}
	b.Process = supervisor.Start(tb, supervisor.Spec{
		Name: "bankd", Path: program, Ready: b.ready,
		Env: append([]string{"BANK_DATABASE=" + database, "BANK_ADDRESS=" + address, "BANK_LOG_LEVEL=warn"}, env...),
	})
	return b
}

func (b *bankd) ready(ctx context.Context, p *supervisor.Process) error {
	line := p.Stdout().Find(openLine)
	if line == nil {
		return errors.New("it has not said where it is open")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, line[1]+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", res.Status)
	}
	b.url.Store(&line[1])
	return nil
}

// URL returns where the bank was open last.
func (b *bankd) URL() string { return *b.url.Load() }

// verified is what "bankd verify -json" reports.
type verified struct {
	Events    int `json:"events"`
	Accounts  int `json:"accounts"`
	Transfers int `json:"transfers"`
	Behind    int `json:"behind"`
	Totals    []struct {
		Currency  string `json:"currency"`
		Deposited string `json:"deposited"`
		Withdrawn string `json:"withdrawn"`
		Held      string `json:"held"`
	} `json:"totals"`
	Differences []json.RawMessage `json:"differences"`
	Count       int               `json:"count"`
}

// verify runs "bankd verify" on the bank's database; nothing may be wrong.
func (b *bankd) verify(tb testing.TB) verified {
	tb.Helper()
	p := supervisor.Start(tb, supervisor.Spec{
		Name: "bankd-verify", Path: b.program, Args: []string{"verify", "-json"}, Env: []string{"BANK_DATABASE=" + b.database},
	})
	exit := p.WaitWithin(patience)
	lines, _, err := p.Stdout().Lines(0)
	if err != nil || len(lines) != 1 {
		tb.Fatalf("verify: %v, %q %v", exit, lines, err)
	}
	var v verified
	if err := json.Unmarshal([]byte(lines[0]), &v); err != nil {
		tb.Fatal(err)
	}
	if exit != (supervisor.Exit{}) || v.Count != 0 || v.Behind != 0 || len(v.Differences) != 0 {
		tb.Errorf("verify: %v, %s", exit, lines[0])
	}
	return v
}
