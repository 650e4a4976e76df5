package roundtrip_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/bench/roundtrip"
)

// ready is what ends an answer of PostgreSQL.
const ready = "Z\x00\x00\x00\x05I"

// server answers each line: with so many bytes as are asked for, and ready at the end.
func server(t *testing.T, answer func(line string, reply io.Writer)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 1<<16)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					answer(string(buf[:n]), conn)
				}
			}()
		}
	}()
	return "postgres://" + l.Addr().String() + "/db?sslmode=disable"
}

func connect(t *testing.T, p *roundtrip.Proxy) net.Conn {
	host := strings.TrimSuffix(strings.TrimPrefix(p.URL, "postgres://"), "/db?sslmode=disable")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func ask(t *testing.T, conn net.Conn, answerBytes int) {
	t.Helper()
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, answerBytes)); err != nil {
		t.Fatal(err)
	}
}

// A round trip takes as long as was said, at least.
func TestDelay(t *testing.T) {
	const rtt, trips = 20 * time.Millisecond, 5
	p, err := roundtrip.Open(server(t, func(_ string, reply io.Writer) { _, _ = io.WriteString(reply, ready) }), rtt)
	if err != nil {
		t.Fatal(err)
	}
	conn, begin := connect(t, p), time.Now()
	for range trips {
		ask(t, conn, len(ready))
	}
	took := time.Since(begin)
	if took < trips*rtt {
		t.Errorf("%d trips took %v, want %v at least", trips, took, trips*rtt)
	}
	if n, busy := p.Counted(); n != trips || busy <= 0 || busy > took {
		t.Errorf("counted %d trips of %v, want %d in %v", n, busy, trips, took)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlives the proxy")
	}
}

// Messages that follow each other don't wait for each other: the way is longer, not narrower.
func TestMessagesAreUnderWayTogether(t *testing.T) {
	const rtt, messages = 200 * time.Millisecond, 50
	p, err := roundtrip.Open(server(t, func(line string, reply io.Writer) { _, _ = io.WriteString(reply, line) }), rtt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	conn, begin := connect(t, p), time.Now()
	for range messages {
		if _, err := io.WriteString(conn, "?"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // so that they are read one by one
	}
	if _, err := io.ReadFull(conn, make([]byte, messages)); err != nil {
		t.Fatal(err)
	}
	if took, oneByOne := time.Since(begin), messages*rtt/2; took >= oneByOne {
		t.Errorf("%d messages took %v, as if one by one", messages, took)
	}
}

// What the server says on its own is no round trip, and nobody waits for it.
func TestNotificationsAreNoTrips(t *testing.T) {
	said := make(chan struct{})
	url := server(t, func(_ string, reply io.Writer) {
		_, _ = io.WriteString(reply, ready)
		<-said
		_, _ = io.WriteString(reply, "A")
	})
	p, err := roundtrip.Open(url, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	conn := connect(t, p)
	ask(t, conn, len(ready))
	trips, busy := p.Counted()
	close(said)
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if n, d := p.Counted(); n != trips || trips != 1 || d != busy {
		t.Errorf("counted %d trips of %v, then %d of %v", trips, busy, n, d)
	}
}

func TestNoURL(t *testing.T) {
	if _, err := roundtrip.Open("://", 0); err == nil {
		t.Error("a proxy to nowhere")
	}
}
