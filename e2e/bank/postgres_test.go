package bank_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/browser"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

// What is proven of the bank in a file holds on a server: nothing differs but where it is kept.

func TestKilledUnderLoadOnPostgres(t *testing.T) {
	interruption{build: supervisor.Build, database: postgrestest.Database, clients: 32, accounts: 24, times: 5, end: kill}.test(t)
}

func TestClosedUnderLoadOnPostgres(t *testing.T) {
	interruption{build: supervisor.Build, database: postgrestest.Database, clients: 16, accounts: 12, times: 3, end: stop, answers: true}.test(t)
}

func TestTwoBanksOnPostgres(t *testing.T) { testTwoBanks(t, postgrestest.Database(t), 3) }

func TestPagesOfTwoOnPostgres(t *testing.T) { testPagesOfTwo(t, postgrestest.Database(t)) }

// startServer starts a server of the test's own.
func startServer(t *testing.T) *postgrestest.Server {
	t.Helper()
	server, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// The server of the database is killed, again and again, under a bank that stays open. Meanwhile it
// says that it can't, and that it is not ready; afterwards it goes on by itself, and nothing that it
// acknowledged is lost or there twice.
func TestServerKilledUnderBank(t *testing.T) {
	const kills, clients = 3, 16
	seed := evidence.Seed(t)
	server := startServer(t)
	b := startBank(t, supervisor.Build(t, bankdPackage), server.URL)
	l := newLoad(t, b, seed, 12)
	l.interrupted(t, clients, kills, func() {
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		l.wantAway(t, "store-unavailable")
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.wantReady(t)
	})
	book := l.close(t)
	stop(t, b)
	evidence.Report(t, t.Name(), newReport(seed, clients, kills, book, book.verified(t, b)))
}

// A server that does not answer, and keeps its connections, does not keep clients waiting for ever.
func TestServerFrozenUnderBank(t *testing.T) {
	const freezes, clients = 1, 8
	seed := evidence.Seed(t)
	server := startServer(t)
	b := startBankAt(t, supervisor.Build(t, bankdPackage), server.URL, "127.0.0.1:0", "BANK_REQUEST_TIMEOUT=500ms")
	l := newLoad(t, b, seed, 6)
	l.interrupted(t, clients, freezes, func() {
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		l.wantAway(t, "deadline-exceeded")
		if err := server.Thaw(); err != nil {
			t.Fatal(err)
		}
		l.wantReady(t)
	})
	book := l.close(t)
	stop(t, b)
	evidence.Report(t, t.Name(), newReport(seed, clients, freezes, book, book.verified(t, b)))
}

// wantAway requires of every kind of request that the bank says what is wrong with its database.
func (l *load) wantAway(tb testing.TB, problem string) {
	tb.Helper()
	for _, r := range []struct{ method, path string }{
		{http.MethodGet, "/api/v1/accounts"}, {http.MethodGet, "/api/v1/audit"}, {http.MethodGet, "/api/v1/accounts/" + l.accounts[0] + "/events"},
		{http.MethodPost, "/api/v1/accounts/" + l.accounts[0] + "/freeze"},
	} {
		var body any
		if r.method == http.MethodPost {
			body = map[string]string{"reason": "away"}
		}
		res, err := l.client.do(tb.Context(), r.method, r.path, "", "", body)
		if err != nil || res.status != http.StatusServiceUnavailable || res.problem() != "urn:problem-type:bank:"+problem {
			tb.Errorf("%s %s without its database: %d %s, %v", r.method, r.path, res.status, res.body, err)
		}
	}
	if res, err := l.client.do(tb.Context(), http.MethodGet, "/", "", "", nil); err != nil || res.status != http.StatusServiceUnavailable || !strings.Contains(string(res.body), "counts once") {
		tb.Errorf("the page without its database: %d, %v", res.status, err)
	}
	if res, err := l.client.do(tb.Context(), http.MethodGet, "/livez", "", "", nil); err != nil || res.status != http.StatusOK {
		tb.Errorf("/livez without its database: %d %v", res.status, err)
	}
	var report struct{ Failing []string }
	res, err := l.client.do(tb.Context(), http.MethodGet, "/readyz", "", "", nil)
	if err == nil {
		err = json.Unmarshal(res.body, &report)
	}
	if err != nil || res.status != http.StatusServiceUnavailable || !slices.Contains(report.Failing, "store") {
		tb.Errorf("/readyz without its database: %d %s, %v", res.status, res.body, err)
	}
}

func (l *load) wantReady(tb testing.TB) {
	tb.Helper()
	err := supervisor.Poll(tb.Context(), patience, func(ctx context.Context) error {
		res, err := l.client.do(ctx, http.MethodGet, "/readyz", "", "", nil)
		if err == nil && res.status != http.StatusOK {
			err = fmt.Errorf("/readyz: %d %s", res.status, res.body)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// A window that has to show something new while the database is away shows it when the database is
// back, without anybody's help, and goes on being live.
func TestPagesOutliveTheServer(t *testing.T) {
	server := startServer(t)
	b, br := startBank(t, supervisor.Build(t, bankdPackage), server.URL), browser.Start(t)
	v := newVisitor(t, br, b, "patient")
	ann := v.open("Ann Example", "EUR")
	v.AwaitText("#live-state", "Live")
	browser.Eval[bool](v.Tab, `window.notReloaded = true`)
	c := newClient(b)
	pay := func(key string) {
		t.Helper()
		p := &payment{key: key, kind: deposit, to: ann, cents: 50}
		if err := p.pay(t.Context(), c, evidence.Rand(1, 0)); err != nil || p.refused != "" {
			t.Fatal(p.refused, err)
		}
	}

	browser.Eval[bool](v.Tab, `dispatchEvent(new PageTransitionEvent("pagehide"))`) // as if it were left
	pay("unseen")
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	v.Expect("503")
	browser.Eval[bool](v.Tab, `dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`)
	v.AwaitText("#live-state", "Reconnecting")
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.wantBalance("0.50")
	pay("seen")
	v.wantBalance("1.00")
	v.wantLines("seen", "unseen")
	if !browser.Eval[bool](v.Tab, `window.notReloaded === true`) {
		t.Error("the window had to reload")
	}
	stop(t, b)
	b.verify(t)
}
