package postgres_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// replacing returns what leads to the same server, which says one text wherever it says another
// of the same length.
func replacing(t *testing.T, to, text, with string) string {
	t.Helper()
	if len(text) != len(with) {
		t.Fatalf("%q is not as long as %q", with, text)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	u.Host = l.Addr().String()
	var work sync.WaitGroup
	work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				return
			}
			work.Go(func() { _, _ = io.Copy(upstream, client); _ = upstream.Close() })
			work.Go(func() {
				defer client.Close()
				buf := make([]byte, 1<<16)
				for {
					n, err := upstream.Read(buf)
					if err != nil {
						return
					}
					if _, err := client.Write(bytes.ReplaceAll(buf[:n], []byte(text), []byte(with))); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait() // whoever connects has closed by now
	})
	return u.String()
}
