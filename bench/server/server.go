// Package server is the PostgreSQL that everybody is measured on: one for a run, as production
// would have it, with a schema of its own for each case.
package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventsource-go/eventsource/bench/roundtrip"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// settings are beside the server's own, which are to survive a power failure. They leave the
// cache of a small machine, and no checkpoint within a window: there is one before each.
var settings = []string{"shared_buffers=512MB", "min_wal_size=1GB", "max_wal_size=8GB", "checkpoint_timeout=1h"}

// RTT is how much longer a round trip on the long way takes.
const RTT = time.Millisecond

// Server is started when somebody first asks for a schema, in the system's temporary folder. With
// POSTGRES_URL set it is the one that this leads to. It is safe for concurrent use; the zero value
// is ready.
type Server struct {
	mu      sync.Mutex
	own     *postgrestest.Server
	direct  string
	proxy   *roundtrip.Proxy
	asks    *pgx.Conn // of CPU
	schemas atomic.Int64
}

// URLs returns the way to the server, and the one that is longer by [RTT].
func (s *Server) URLs(ctx context.Context) (direct, long string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.direct == "" {
		if err := s.start(ctx); err != nil {
			return "", "", err
		}
	}
	return s.direct, s.proxy.URL, nil
}

func (s *Server) start(ctx context.Context) (err error) {
	direct := os.Getenv("POSTGRES_URL")
	if direct == "" {
		if s.own, err = postgrestest.Start(ctx, settings...); err != nil {
			return err
		}
		direct = s.own.URL
	}
	if s.proxy, err = roundtrip.Open(direct, RTT); err != nil {
		return err
	}
	s.direct = direct
	return nil
}

// Close stops the server, and removes its data if it was started here.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.asks != nil {
		err = s.asks.Close(context.Background())
	}
	if s.proxy != nil {
		err = errors.Join(err, s.proxy.Close())
	}
	if s.own != nil {
		err = errors.Join(err, s.own.Remove())
	}
	s.own, s.proxy, s.asks, s.direct = nil, nil, nil, ""
	return err
}

// Schema is an empty schema, and the ways to it. Who connects by them finds their tables there.
type Schema struct {
	Name         string
	Direct, Long string

	admin string
}

// Schema makes one.
func (s *Server) Schema(ctx context.Context) (Schema, error) {
	direct, long, err := s.URLs(ctx)
	if err != nil {
		return Schema{}, err
	}
	sc := Schema{Name: fmt.Sprintf("bench_%d_%d", os.Getpid(), s.schemas.Add(1)), admin: direct}
	if sc.Direct, err = with(direct, "search_path", sc.Name); err != nil {
		return Schema{}, err
	}
	if sc.Long, err = with(long, "search_path", sc.Name); err != nil {
		return Schema{}, err
	}
	return sc, sc.execute(ctx, "CREATE SCHEMA "+sc.Name)
}

// Settle brings the database to rest: what was written for the case is on the disk.
func (sc Schema) Settle(ctx context.Context) error {
	err := sc.execute(ctx, "CHECKPOINT")
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "42501" { // not ours to ask for
		return nil
	}
	return err
}

// Drop removes the schema and all that is in it.
func (sc Schema) Drop() error {
	return sc.execute(context.Background(), "DROP SCHEMA "+sc.Name+" CASCADE")
}

func (sc Schema) execute(ctx context.Context, text string) error {
	conn, err := pgx.Connect(ctx, sc.admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

// with returns a URL with one more parameter.
func with(of, key, value string) (string, error) {
	u, err := url.Parse(of)
	if err != nil {
		return "", errors.New("POSTGRES_URL is no URL")
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Describe returns what the figures depend on, for the header of a report: the version and the
// settings of the server, and how long a round trip takes on both ways.
func (s *Server) Describe(ctx context.Context) (version, trips string, err error) {
	direct, long, err := s.URLs(ctx)
	if err != nil {
		return "", "", err
	}
	conn, err := pgx.Connect(ctx, direct)
	if err != nil {
		return "", "", err
	}
	defer conn.Close(ctx)
	words := []string{""}
	for _, name := range []string{"server_version", "fsync", "full_page_writes", "synchronous_commit", "wal_sync_method", "shared_buffers", "max_wal_size", "checkpoint_timeout", "autovacuum"} {
		var value string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return "", "", err
		}
		if name == "server_version" {
			words[0], _, _ = strings.Cut(value, " ")
			continue
		}
		words = append(words, name+"="+value)
	}
	near, err := trip(ctx, direct)
	if err != nil {
		return "", "", err
	}
	far, err := trip(ctx, long)
	return strings.Join(words, " "), fmt.Sprintf("%d us, through the proxy %d us", near.Microseconds(), far.Microseconds()), err
}

// Vacuum brings what was written to the form in which it is read for years.
func (sc Schema) Vacuum(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, sc.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT format('VACUUM (ANALYZE) %I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1", sc.Name)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, text := range statements {
		if err == nil {
			_, err = conn.Exec(ctx, text)
		}
	}
	return err
}
