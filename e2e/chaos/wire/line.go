// Package wire is a bad line to PostgreSQL. What a client sends goes through two proxies in this
// process: one that knows the protocol and swallows what the server says of a commit, and
// toxiproxy, which slows, cuts and loses bytes.
package wire

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Line leads to one server. Clients must not use TLS, nor passwords. It is safe for concurrent use.
type Line struct {
	URL string // for clients

	toxics    *toxics
	commits   atomic.Int64
	swallowed atomic.Int64
	falls     atomic.Bool // with the next reply that is swallowed
	down      atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	every int64 // commit is swallowed
	since int64 // so many commits ago one was, or that was said
	work  sync.WaitGroup
}

// New returns a line to the server that a URL leads to, which lasts until tb ends.
func New(tb testing.TB, to string) *Line {
	tb.Helper()
	u, err := url.Parse(to)
	if err != nil {
		tb.Fatal(err)
	}
	l := &Line{conns: make(map[net.Conn]struct{})}
	if l.toxics, err = newToxics(u.Host); err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u.Host = listener.Addr().String()
	l.URL = u.String()
	l.work.Go(func() { l.accept(listener) })
	tb.Cleanup(func() {
		_ = listener.Close()
		l.down.Store(true)
		l.closeAll()
		l.work.Wait()
		l.toxics.close()
	})
	return l
}

// Swallow has the reply to each nth commit from now on swallowed, and the connection closed instead: the server
// has committed, and nobody is told. A commit is a COMMIT, or a statement that writes outside of a
// transaction, whether it found something to write or not. With 0 all are told.
func (l *Line) Swallow(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.every, l.since = n, 0
}

// Fall has the line lead nowhere from the next reply on that is swallowed: who asked can't ask again.
func (l *Line) Fall() { l.falls.Store(true) }

// Commits returns how many commits the server has answered until now, and how many of the answers
// were swallowed.
func (l *Line) Commits() (answered, swallowed int64) { return l.commits.Load(), l.swallowed.Load() }

// Poison adds a toxic to the connections there are and to those to come, until Heal.
func (l *Line) Poison(t Toxic) error { return l.toxics.add(t) }

// Heal removes all toxics.
func (l *Line) Heal() error { return l.toxics.clear() }

func (l *Line) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		l.work.Go(func() { l.carry(client) })
	}
}

// carry has client talk to the server until one of them is gone.
func (l *Line) carry(client net.Conn) {
	defer l.hold(client)()
	if l.down.Load() {
		return
	}
	server, err := net.DialTimeout("tcp", l.toxics.address(), 10*time.Second)
	if err != nil {
		return
	}
	defer l.hold(server)()
	c := newConversation(client, server, l.isSwallowed)
	var up sync.WaitGroup
	up.Go(func() {
		c.up()
		// Toxiproxy must be able to hand over what it still has.
		_ = server.(*net.TCPConn).CloseWrite()
	})
	if c.down() != nil {
		_ = client.(*net.TCPConn).SetLinger(0) // a reset arrives as one
	}
	_ = client.Close()
	c.drain()
	up.Wait()
}

func (l *Line) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		_ = conn.Close()
	}
}

// hold keeps a connection for the end of the line. The function that it returns closes it.
func (l *Line) hold(conn net.Conn) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[conn] = struct{}{}
	if l.down.Load() {
		_ = conn.Close()
	}
	return func() {
		_ = conn.Close()
		l.mu.Lock()
		delete(l.conns, conn)
		l.mu.Unlock()
	}
}

// isSwallowed counts a commit, and decides on its reply.
func (l *Line) isSwallowed() bool {
	l.commits.Add(1)
	if !l.isTurn() {
		return false
	}
	l.swallowed.Add(1)
	if l.falls.Load() {
		l.down.Store(true)
		l.closeAll()
	}
	return true
}

func (l *Line) isTurn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.every == 0 {
		return false
	}
	l.since = (l.since + 1) % l.every
	return l.since == 0
}
