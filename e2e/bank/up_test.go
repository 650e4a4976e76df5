package bank_test

import (
	"net"
	"os"
	"regexp"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// "./task up-postgres" starts a server and the bank on it, ends both, and has kept everything when
// it is started again.
func TestUpOnPostgres(t *testing.T) {
	data, err := os.MkdirTemp("", "e2e-up-") // which who runs the server can get to, too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(data); err != nil {
			t.Error(err)
		}
	})
	b := &bankd{}
	b.Process = supervisor.Start(t, supervisor.Spec{
		Name: "up", Path: supervisor.Build(t, "e2e/cmd/up"), Ready: b.ready, Env: []string{"UP_DATA=" + data, "BANK_ADDRESS=127.0.0.1:0", "BANK_LOG_LEVEL=warn"},
	})
	c := newClient(b)
	p := &payment{key: "kept", kind: opening}
	if err := p.pay(t.Context(), c, nil); err != nil || p.refused != "" {
		t.Fatal(p.refused, err)
	}
	address := b.Stderr().Find(regexp.MustCompile(`^PostgreSQL runs at postgres://postgres@(127\.0\.0\.1:\d+)/\S+, with its data in`))
	if address == nil {
		t.Fatal("it does not say where the server is")
	}
	stop(t, b)
	if conn, err := net.Dial("tcp", address[1]); err == nil {
		_ = conn.Close()
		t.Error("the server was left behind")
	}
	b.Restart()
	if a, err := get[account](t.Context(), c, "/api/v1/accounts/"+p.account, ""); err != nil || a.Owner != "kept" {
		t.Errorf("%+v, %v", a, err)
	}
	stop(t, b)
}
