package postgres_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// A pooler whose sessions are all in use passes a request to stop on late. It does not stop what
// the connection is used for by then.
func TestLateRequestStopsNobodyElse(t *testing.T) {
	s := open(t, slowToStop(t, postgrestest.Database(t), 3500*time.Millisecond), postgres.Config{ListenURL: "-"})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.DB().ExecContext(ctx, "SELECT pg_sleep(2)"); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	if _, err := s.DB().ExecContext(t.Context(), "SELECT pg_sleep(2)"); err != nil {
		t.Errorf("whoever comes next: %v", err)
	}
}

// slowToStop returns a URL for one connection to the server, on the way to which requests to stop
// take a while.
func slowToStop(t *testing.T, to string, delay time.Duration) string {
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	var work sync.WaitGroup
	carry := func(client net.Conn) {
		defer client.Close()
		head := make([]byte, 16) // also a startup message is longer
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		const cancelRequest = 80877102
		if binary.BigEndian.Uint32(head[4:]) == cancelRequest {
			time.Sleep(delay)
		}
		conn, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := conn.Write(head); err != nil {
			return
		}
		work.Go(func() {
			_, _ = io.Copy(conn, client)
			_ = conn.(*net.TCPConn).CloseWrite()
		})
		_, _ = io.Copy(client, conn)
	}
	work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { carry(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("pool_max_conns", "1")
	u.RawQuery = q.Encode()
	return u.String()
}
