package postgrestest

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between a client and the server, counts round trips and bytes, and loses replies. Clients
// must not use TLS.
type Proxy struct {
	URL string

	server string
	trips  atomic.Int64
	bytes  atomic.Int64
	lose   atomic.Int64
	mu     sync.Mutex
	conns  []net.Conn
	work   sync.WaitGroup
}

// NewProxy returns a proxy before the server that a URL leads to, until tb ends.
func NewProxy(tb testing.TB, to string) *Proxy {
	tb.Helper()
	u, err := url.Parse(to)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{server: u.Host}
	u.Host = l.Addr().String()
	p.URL = u.String()
	p.work.Go(func() { p.accept(l) })
	tb.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for _, conn := range p.conns {
			_ = conn.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

// Trips returns how often a client has asked the server for its answers until now.
func (p *Proxy) Trips() int64 { return p.trips.Load() }

// Received returns how many bytes the server has sent until now.
func (p *Proxy) Received() int64 { return p.bytes.Load() }

// LoseReplies has the next n times that the server answers end with the connection instead, after
// the server has done what it was asked for.
func (p *Proxy) LoseReplies(n int64) { p.lose.Store(n) }

func (p *Proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		var asked atomic.Bool
		p.work.Go(func() { p.up(client, server, &asked); closeBoth(client, server) })
		p.work.Go(func() { p.down(client, server, &asked); closeBoth(client, server) })
	}
}

func closeBoth(a, b net.Conn) {
	_ = a.Close()
	_ = b.Close()
}

// up carries what the client says, message by message: the first has no type.
func (p *Proxy) up(client, server net.Conn, asked *atomic.Bool) {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		if !first && (head[0] == 'S' || head[0] == 'Q') {
			p.trips.Add(1)
			asked.Store(true)
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return
		}
	}
}

func (p *Proxy) down(client, server net.Conn, asked *atomic.Bool) {
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		p.bytes.Add(int64(n))
		if asked.Swap(false) && p.lose.Load() > 0 && p.lose.Add(-1) >= 0 {
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
