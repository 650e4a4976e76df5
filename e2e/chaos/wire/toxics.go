package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Toxic is something that toxiproxy does to a connection. Its documentation says which there are.
type Toxic struct {
	Type       string           `json:"type"`
	Stream     string           `json:"stream"` // "upstream" is to the server, "downstream" from it
	Attributes map[string]int64 `json:"attributes"`
}

func (t Toxic) String() string { return fmt.Sprint(t.Type, " ", t.Stream, " ", t.Attributes) }

// toxics is a proxy that can be poisoned.
type toxics struct {
	server   string
	patience time.Duration // with a change

	mu    sync.Mutex
	proxy *toxiproxy.Proxy
}

func newToxics(server string) (*toxics, error) {
	x := &toxics{server: server, patience: 15 * time.Second}
	return x, x.start()
}

func (x *toxics) start() error {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	x.proxy = toxiproxy.NewProxy(api, "line", "127.0.0.1:0", x.server)
	return x.proxy.Start()
}

func (x *toxics) address() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.proxy.Listen
}

func (x *toxics) add(t Toxic) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return x.change(func(p *toxiproxy.Proxy) error {
		if _, err := p.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
			return fmt.Errorf("toxic %v: %w", t, err)
		}
		return nil
	})
}

func (x *toxics) clear() error {
	return x.change(func(p *toxiproxy.Proxy) error {
		p.Toxics.ResetToxics(context.Background())
		return nil
	})
}

// change gives up on a proxy that can't be changed any more, and starts another one: toxiproxy waits
// for itself if a connection breaks at the wrong moment (its link waits for the lock of the toxics,
// whose holder waits for the link).
func (x *toxics) change(how func(*toxiproxy.Proxy) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	done := make(chan error, 1)
	go func(p *toxiproxy.Proxy) { done <- how(p) }(x.proxy)
	select {
	case err := <-done:
		return err
	case <-time.After(x.patience):
	}
	x.proxy.Stop()
	if err := x.start(); err != nil {
		return err
	}
	return how(x.proxy)
}

func (x *toxics) close() { x.proxy.Stop() }
