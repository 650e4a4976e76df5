package wire

import (
	"net"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
)

// A proxy that waits for itself is given up, and the next one does what was wanted of it.
func TestProxyThatIsStuckIsReplaced(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	x, err := newToxics(upstream.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	x.patience = 10 * time.Millisecond
	stuck, before := make(chan struct{}), x.address()
	defer close(stuck)
	var changed []*toxiproxy.Proxy
	if err := x.change(func(p *toxiproxy.Proxy) error {
		if p.Listen == before {
			<-stuck
			return nil
		}
		changed = append(changed, p)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(changed) != 1 || x.address() == before {
		t.Errorf("changed %d, at %s", len(changed), x.address())
	}
	client, err := net.Dial("tcp", x.address())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Close()
	if old, err := net.Dial("tcp", before); err == nil {
		_ = old.Close()
		t.Error("the old one goes on")
	}
}
