package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of this test binary.
var shared struct {
	once   sync.Once
	url    string
	server *Server
	err    error
}

// base returns the URL of a database on the shared server: that of POSTGRES_URL if it is set,
// one that is started for this test binary otherwise.
func base() (string, error) {
	shared.once.Do(func() {
		if shared.url = os.Getenv("POSTGRES_URL"); shared.url != "" {
			return
		}
		if shared.server, shared.err = Start(context.Background()); shared.err == nil {
			shared.url = shared.server.URL
		}
	})
	return shared.url, shared.err
}

// Main runs the tests, then stops the server if they needed one, and returns the exit code.
func Main(run func() int) int {
	code := run()
	if shared.server != nil {
		if err := shared.server.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}

var databases atomic.Int64

// Database creates a database that lives until tb ends, and returns its URL.
func Database(tb testing.TB) string {
	tb.Helper()
	return until(tb, "")
}

// Clone is Database with another one, to which nobody is connected, as the template.
func Clone(tb testing.TB, of string) string {
	tb.Helper()
	u, err := url.Parse(of)
	if err != nil {
		tb.Fatal(err)
	}
	return until(tb, " TEMPLATE "+strings.TrimPrefix(u.Path, "/"))
}

func until(tb testing.TB, template string) string {
	tb.Helper()
	url, drop, err := create(context.WithoutCancel(tb.Context()), template)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := drop(); err != nil {
			tb.Error(err)
		}
	})
	return url
}

// Create is [Database] where there is no test: it returns the URL, and what drops the database.
func Create(ctx context.Context) (url string, drop func() error, err error) { return create(ctx, "") }

func create(ctx context.Context, template string) (url string, drop func() error, err error) {
	admin, err := base()
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("es_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	if err := execute(ctx, admin, "CREATE DATABASE "+name+template); err != nil {
		return "", nil, err
	}
	url, err = databaseURL(admin, name)
	return url, func() error { return execute(ctx, admin, "DROP DATABASE "+name+" WITH (FORCE)") }, err
}

func execute(ctx context.Context, url, text string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

// Connect returns a connection of the test's own, which is closed when tb ends.
func Connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.WithoutCancel(tb.Context())) })
	return conn
}
