package bank_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// load is many clients at work on few accounts.
type load struct {
	seed     uint64
	client   *client
	accounts []string // there from the start
	prefix   string   // of its keys

	acked atomic.Int64 // payments that happened, so far

	mu       sync.Mutex
	payments []*payment // of which it is known what became of them
	fresh    []string   // accounts that were opened since
}

// newLoad opens the accounts and gives them something to move.
func newLoad(tb testing.TB, b *bankd, seed uint64, accounts int) *load {
	tb.Helper()
	l := &load{seed: seed, client: newClient(b)}
	choice := evidence.Rand(seed, 1<<32)
	settle := func(p *payment) {
		if err := p.pay(tb.Context(), l.client, choice); err != nil || p.refused != "" {
			tb.Fatalf("%s: %s %v", p.key, p.refused, err)
		}
		l.record(p)
	}
	for i := range accounts {
		open := &payment{key: fmt.Sprintf("first-%d", i), kind: opening}
		settle(open)
		l.accounts = append(l.accounts, open.account)
		settle(&payment{key: fmt.Sprintf("funds-%d", i), kind: deposit, to: open.account, cents: 100_00})
	}
	l.fresh = nil
	return l
}

func (l *load) record(p *payment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.payments = append(l.payments, p)
	if p.refused == "" {
		l.acked.Add(1)
		if p.kind == opening {
			l.fresh = append(l.fresh, p.account)
		}
	}
}

// run lets clients pay until stop is closed, and then finish what they have begun.
func (l *load) run(ctx context.Context, clients int, stop <-chan struct{}) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			choice := evidence.Rand(l.seed, uint64(n))
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := l.step(ctx, fmt.Sprintf("%sclient-%d-%d", l.prefix, n, i), choice); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// step makes one payment, and sometimes looks whether it shows.
func (l *load) step(ctx context.Context, key string, choice *rand.Rand) error {
	p := l.choose(key, choice)
	if err := p.pay(ctx, l.client, choice); err != nil {
		return err
	}
	l.record(p)
	if p.refused != "" || choice.IntN(8) > 0 {
		return nil
	}
	res, err := l.client.do(ctx, http.MethodGet, "/api/v1/accounts/"+p.account, "Consistency-Token", p.token, nil)
	if err != nil || res.status == http.StatusServiceUnavailable {
		return nil // the bank was killed meanwhile, or has not caught up after one
	}
	shown, err := decode[account](res)
	if err != nil || shown.Version < p.version {
		return fmt.Errorf("%w: read after payment %s at version %d: %d %s %v", errUnexpected, p.key, p.version, res.status, res.body, err)
	}
	return nil
}

// choose makes a payment up. One account is in everybody's way, and some payments are more than
// there is.
func (l *load) choose(key string, choice *rand.Rand) *payment {
	pick := func() string {
		if choice.IntN(4) == 0 {
			return l.accounts[0]
		}
		return l.accounts[choice.IntN(len(l.accounts))]
	}
	p := &payment{key: key, cents: 1 + choice.Int64N(40_00)}
	switch n := choice.IntN(100); {
	case n < 3:
		p.kind, p.cents = opening, 0
	case n < 35:
		p.kind, p.to = deposit, pick()
	case n < 65:
		p.kind, p.from = withdrawal, pick()
	default:
		p.kind, p.from = transfer, pick()
		for p.to = pick(); p.to == p.from; {
			p.to = pick()
		}
	}
	if choice.IntN(20) == 0 {
		p.cents *= 1000
		if p.kind == deposit || p.kind == opening {
			p.cents /= 1000
		}
	}
	return p
}

// waitForAcks returns when that many more payments have happened.
func (l *load) waitForAcks(tb testing.TB, more int64) {
	tb.Helper()
	want := l.acked.Load() + more
	err := supervisor.Poll(tb.Context(), patience, func(context.Context) error {
		if have := l.acked.Load(); have < want {
			return fmt.Errorf("%d of %d payments", have, want)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// interrupted runs clients while interrupt ends something that they need as often as times says, at
// moments that the seed decides, and starts it again each time. It returns when all clients know
// what became of their payments.
func (l *load) interrupted(tb testing.TB, clients, times int, interrupt func()) {
	tb.Helper()
	choice := evidence.Rand(l.seed, 1<<33)
	ctx, cancel := context.WithTimeout(tb.Context(), 3*patience)
	defer cancel()
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- l.run(ctx, clients, stop) }()
	defer func() {
		close(stop)
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	}()
	for range times {
		l.waitForAcks(tb, 1+choice.Int64N(150))
		time.Sleep(time.Duration(choice.IntN(150)) * time.Millisecond) // so that it is no matter of who looks
		interrupt()
	}
	l.waitForAcks(tb, int64(clients))
}
