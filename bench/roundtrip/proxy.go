// Package roundtrip stands between a client of PostgreSQL and the server: it makes the way longer,
// as a network does, and counts what goes along it.
package roundtrip

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// Proxy is a way to a server. It has no limit but its delay: any number of messages is under way
// at once. Clients must not use TLS.
type Proxy struct {
	URL string

	server   string
	delay    time.Duration // of each direction
	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
	trips  int
	busy   time.Duration
}

// Open begins to lead to the server of a connection URL. Each round trip takes rtt longer.
func Open(to string, rtt time.Duration) (*Proxy, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, errors.New("no URL of a server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{server: u.Host, delay: rtt / 2, listener: l, conns: make(map[net.Conn]bool)}
	u.Host = l.Addr().String()
	p.URL = u.String()
	p.work.Go(p.accept)
	return p, nil
}

// Counted returns how often clients have waited for the server until now, and how long, all
// connections together.
func (p *Proxy) Counted() (trips int, busy time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trips, p.busy
}

// Close cuts all connections and waits for their end.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil || !p.keep(client, server) {
			_ = client.Close()
			continue
		}
		w := &waiting{proxy: p}
		var both sync.WaitGroup
		p.work.Go(func() {
			both.Go(func() { p.carry(server, client, w.asked) })
			both.Go(func() { p.carry(client, server, w.answered) })
			both.Wait()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.conns, client)
			delete(p.conns, server)
		})
	}
}

// keep reports whether the proxy is open, and then closes the connections with it.
func (p *Proxy) keep(client, server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = server.Close()
		return false
	}
	p.conns[client], p.conns[server] = true, true
	return true
}

// chunk is what was read at once, and when it is due.
type chunk struct {
	data []byte
	due  time.Time
}

// carry writes what it reads, later by the delay, until one of the two is closed, and closes both.
func (p *Proxy) carry(to, from net.Conn, saw func([]byte)) {
	way := make(chan chunk, 1024)
	var arrive sync.WaitGroup
	arrive.Go(func() {
		for c := range way {
			sleep(time.Until(c.due))
			if _, err := to.Write(c.data); err != nil {
				_ = from.Close() // ends the reading, and so the range
			}
		}
		_ = to.Close()
	})
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			break
		}
		saw(buf[:n])
		way <- chunk{bytes.Clone(buf[:n]), time.Now().Add(p.delay)}
	}
	close(way)
	arrive.Wait()
	_ = from.Close()
}

// waiting is a connection: it waits from when the client says something until the server is
// ready for more.
type waiting struct {
	proxy *Proxy
	since time.Time // zero if it does not wait
}

func (w *waiting) asked([]byte) {
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	if w.since.IsZero() {
		w.since = time.Now()
		w.proxy.trips++
	}
}

// ready begins the message by which the server says that it waits for the client. One byte more follows.
var ready = []byte{'Z', 0, 0, 0, 5}

func (w *waiting) answered(data []byte) {
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	if n := len(data); !w.since.IsZero() && n > len(ready) && bytes.Equal(data[n-len(ready)-1:n-1], ready) {
		w.proxy.busy += time.Since(w.since)
		w.since = time.Time{}
	}
}
