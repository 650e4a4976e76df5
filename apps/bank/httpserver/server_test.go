package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := httpserver.Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// fetch makes one request on a connection of its own.
func fetch(addr net.Addr) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Get("http://" + addr.String())
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

type slow struct {
	entered, leave chan struct{}
	cut            chan bool // whether the request's context was done
}

func (s slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.entered <- struct{}{}
	<-s.leave
	s.cut <- r.Context().Err() != nil
	_, _ = io.WriteString(w, "whole")
}

// Whoever was served when the end came is served to the end.
func TestDrain(t *testing.T) {
	h := slow{make(chan struct{}), make(chan struct{}), make(chan bool, 1)}
	drains := make(chan struct{})
	s := httpserver.New(listen(t), h, httpserver.Config{OnDrain: func() { close(drains) }})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	type result struct {
		body string
		err  error
	}
	answered := make(chan result, 1)
	go func() {
		body, err := fetch(s.Addr())
		answered <- result{body, err}
	}()
	<-h.entered
	cancel()
	<-drains
	for { // soon nobody else is let in
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-ended:
		t.Fatal("ended with a request under way:", err)
	default:
	}
	close(h.leave)
	if got := <-answered; got.body != "whole" || got.err != nil {
		t.Error(got)
	}
	if err := <-ended; err != nil || <-h.cut {
		t.Error("the request was cut off:", err)
	}
}

// Whoever takes too long is cut off, and that is said.
func TestDrainTimeout(t *testing.T) {
	h := slow{make(chan struct{}), make(chan struct{}), make(chan bool, 1)}
	s := httpserver.New(listen(t), h, httpserver.Config{DrainTimeout: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	answered := make(chan error, 1)
	go func() {
		_, err := fetch(s.Addr())
		answered <- err
	}()
	<-h.entered
	cancel()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(h.leave)
	if err := <-answered; err == nil {
		t.Error("answered")
	}
	if !<-h.cut {
		t.Error("the handler was not told")
	}
}

// During the delay, whoever comes is still served.
func TestDrainDelay(t *testing.T) {
	drains := make(chan struct{})
	s := httpserver.New(listen(t), ok, httpserver.Config{DrainDelay: 300 * time.Millisecond, OnDrain: func() { close(drains) }})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	cancel()
	<-drains
	if body, err := fetch(s.Addr()); body != "ok" || err != nil {
		t.Error(body, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A server whose listener breaks ends early, and says so.
func TestBrokenListener(t *testing.T) {
	l := listen(t)
	s := httpserver.New(l, ok, httpserver.Config{})
	l.Close()
	if err := s.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// Clients that are too slow, or send too much, are let go.
func TestSlowAndLargeClients(t *testing.T) {
	s := httpserver.New(listen(t), ok, httpserver.Config{ReadHeaderTimeout: 50 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for name, c := range map[string]struct{ sends, want string }{
		"half a header": {"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", ""},
		"nothing":       {"", ""},
		"too large":     {"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		"large":         {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: " + strings.Repeat("x", 12<<10) + "\r\n\r\n", "HTTP/1.1 200"},
	} {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(conn, c.sends)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if !strings.HasPrefix(line, c.want) || c.want == "" && strings.HasPrefix(line, "HTTP/1.1 200") {
			t.Errorf("%s: %q, %v", name, line, err)
		}
		if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
			t.Errorf("%s: the server waits", name)
		}
		conn.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestListen(t *testing.T) {
	first := listen(t)
	defer first.Close()
	if _, err := httpserver.Listen(t.Context(), first.Addr().String(), false); err == nil {
		t.Error("two listen on one port")
	}
	second, err := httpserver.Listen(t.Context(), first.Addr().String(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.Addr().String() == first.Addr().String() || !strings.HasPrefix(second.Addr().String(), "127.0.0.1:") {
		t.Error(second.Addr())
	}
	if _, err := httpserver.Listen(t.Context(), "127.0.0.1:99999", true); err == nil {
		t.Error("listens nowhere")
	}
}
