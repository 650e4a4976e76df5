package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/web"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// listener reads a stream, one event or comment at a time.
type listener struct {
	res   *http.Response
	lines *bufio.Scanner
}

func listen(t *testing.T, server *httptest.Server, query string) *listener {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/live"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return &listener{res: res, lines: bufio.NewScanner(res.Body)}
}

// next returns the lines up to the next empty one; ok is false at the end.
func (l *listener) next() (block string, ok bool) {
	var b strings.Builder
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			return b.String(), true
		}
		b.WriteString(l.lines.Text() + "\n")
	}
	return "", false
}

// change returns the data of the next change.
func (l *listener) change(t *testing.T) string {
	t.Helper()
	for {
		block, ok := l.next()
		if !ok {
			t.Fatal("the stream has ended")
		}
		if data, ok := strings.CutPrefix(block, "event: change\ndata: "); ok {
			return strings.TrimSpace(data)
		}
	}
}

// The second window hears of what the first one does, and then sees it.
func TestSecondWindowIsTold(t *testing.T) {
	v := visit(t)
	id, other := v.OpenAccount("Ann", 0), v.OpenAccount("Bob", 0)
	v.CatchUp()
	mine, everything := listen(t, v.server, "?account="+id), listen(t, v.server, "")
	if kind := mine.res.Header.Get("Content-Type"); kind != "text/event-stream" || mine.res.StatusCode != 200 {
		t.Fatal(kind, mine.res.StatusCode)
	}
	for _, l := range []*listener{mine, everything} {
		if hello, ok := l.next(); !ok || hello != "retry: 1000\n" {
			t.Fatal(hello, ok)
		}
	}
	v.get(path(other))
	v.send("deposit", "amount", "1") // not mine
	if got := everything.change(t); got != `{"account":"`+other+`","version":2}` {
		t.Error(got)
	}
	v.get(path(id))
	v.send("deposit", "amount", "5")
	if got := mine.change(t); got != `{"account":"`+id+`","version":2}` {
		t.Error(got)
	}
	if got := v.get(path(id)).amounts("statement"); len(got) != 2 { // what was told is shown by then
		t.Error(got)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	v := visit(t, func(cfg *web.Config) { cfg.MaxStreams = 2 })
	first := listen(t, v.server, "")
	second := listen(t, v.server, "")
	third := listen(t, v.server, "")
	if first.res.StatusCode != 200 || second.res.StatusCode != 200 || third.res.StatusCode != 503 || third.res.Header.Get("Retry-After") == "" {
		t.Error(first.res.StatusCode, second.res.StatusCode, third.res.StatusCode)
	}
	first.res.Body.Close()
	eventually(t, "a place is free again", func() bool {
		l := listen(t, v.server, "")
		defer l.res.Body.Close()
		return l.res.StatusCode == 200
	})
}

func TestStreamsEndWithTheChanges(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	func() {
		var b live.Broadcaster
		server := httptest.NewServer(follower(t, &b, alwaysShown{}, nil))
		defer server.Close() // waits for all that is under way
		var open []*listener
		for range 5 {
			l := listen(t, server, "")
			l.next()
			open = append(open, l)
		}
		b.Close()
		for _, l := range open {
			if block, ok := l.next(); ok {
				t.Error("more:", block)
			}
		}
		if l := listen(t, server, ""); l.res.StatusCode != 503 {
			t.Error("a closing bank opens a stream:", l.res.StatusCode)
		}
		server.Client().CloseIdleConnections()
	}()
	goleak.VerifyNone(t, ignore)
}

func TestStreamEndsWhenTheVisitorLeaves(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	func() {
		var b live.Broadcaster
		server := httptest.NewServer(follower(t, &b, alwaysShown{}, nil))
		defer server.Close()
		l := listen(t, server, "")
		l.next()
		l.res.Body.Close()
		eventually(t, "nobody listens", func() bool { return b.Receivers() == 0 })
		server.Client().CloseIdleConnections()
	}()
	goleak.VerifyNone(t, ignore)
}

// The server's limits are for answers that come to an end: a stream outlives them.
func TestStreamOutlivesTheLimitsOfTheServer(t *testing.T) {
	var b live.Broadcaster
	server := httptest.NewUnstartedServer(follower(t, &b, alwaysShown{}, func(cfg *web.Config) { cfg.Heartbeat = 20 * time.Millisecond }))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(b.Close)
	l := listen(t, server, "")
	l.next()
	for i := range 20 {
		if block, ok := l.next(); !ok || block != ": \n" {
			t.Fatal("after", i, "heartbeats:", block, ok)
		}
	}
}

// What happens in between becomes one: no page is fetched a hundred times for what it shows once.
func TestChangesGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b live.Broadcaster
		rec, stop := record(t, &b, alwaysShown{}, "?account=A")
		for v := range event.Version(100) {
			b.Publish(live.Change{Account: "A", Version: v + 1}, live.Change{Account: "B", Version: 1})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		stop()
		told := rec.String()
		if n := strings.Count(told, "event: change"); n < 2 || n > 12 || !strings.HasSuffix(told, "data: {\"account\":\"A\",\"version\":100}\n\n") {
			t.Error(n, told)
		}
		if strings.Contains(told, `"B"`) {
			t.Error("it is told of somebody else's account")
		}
	})
}

func TestOverflowIsToldToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b live.Broadcaster
		rec, stop := record(t, &b, alwaysShown{}, "?account=A")
		b.Publish(live.Change{}) // more happened than could be told
		synctest.Wait()
		stop()
		if told := rec.String(); !strings.HasSuffix(told, "event: change\ndata: {}\n\n") {
			t.Errorf("%q", told)
		}
	})
}

// A change is told when the read models show it, not before; meanwhile the stream shows that it
// is alive, and still ends when the bank closes.
func TestChangeWaitsForTheReadModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b live.Broadcaster
		shown := &lateShown{}
		rec, stop := record(t, &b, shown, "")
		b.Publish(live.Change{Account: "A", Version: 1})
		time.Sleep(time.Minute)
		if told := rec.String(); strings.Contains(told, "change") || strings.Count(told, ": \n") < 3 {
			t.Errorf("%q", told)
		}
		shown.now()
		time.Sleep(time.Minute)
		if told := rec.String(); strings.Count(told, "event: change") != 1 {
			t.Errorf("%q", told)
		}
		shown.never()
		b.Publish(live.Change{Account: "A", Version: 2})
		synctest.Wait()
		b.Close()
		time.Sleep(time.Minute)
		if n := b.Receivers(); n != 0 || !rec.ended() {
			t.Error("the stream goes on", n)
		}
		stop()
	})
}

// follower returns the pages of a bank of which only the stream is used.
func follower(t *testing.T, c web.Changes, w web.Waiter, change func(*web.Config)) http.Handler {
	t.Helper()
	cfg := web.Config{Ledger: ledger.New(memstore.New(), ledger.Config{}), Reader: readmodel.NewReader(nil), Waiter: w, Changes: c}
	if change != nil {
		change(&cfg)
	}
	h, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type alwaysShown struct{ neverBehind }

func (alwaysShown) Await(context.Context, event.Position) error { return nil }

// lateShown lets nobody through until it is told to.
type lateShown struct {
	neverBehind

	mu   sync.Mutex
	open bool
}

func (l *lateShown) now()   { l.set(true) }
func (l *lateShown) never() { l.set(false) }

func (l *lateShown) set(open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = open
}

func (l *lateShown) Await(ctx context.Context, _ event.Position) error {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	if open {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// recording is an answer that goes on.
type recording struct {
	mu   sync.Mutex
	b    strings.Builder
	head http.Header
	done bool
}

func (r *recording) Header() http.Header              { return r.head }
func (r *recording) WriteHeader(int)                  {}
func (r *recording) Flush()                           {}
func (r *recording) SetWriteDeadline(time.Time) error { return nil }

func (r *recording) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *recording) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

func (r *recording) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// record follows a stream without a network, so that time can be made up.
func record(t *testing.T, b *live.Broadcaster, w web.Waiter, query string) (rec *recording, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	rec = &recording{head: make(http.Header)}
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/live"+query, nil)
	h := follower(t, b, w, nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		h.ServeHTTP(rec, req)
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.done = true
	})
	synctest.Wait()
	return rec, func() {
		cancel()
		wg.Wait()
	}
}

// A bank that stops: the read models end first, and the stream with them, rather than waiting.
func TestStreamEndsWithTheReadModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b live.Broadcaster
		rec, stop := record(t, &b, endedWaiter{}, "")
		b.Publish(live.Change{Account: "A", Version: 1})
		synctest.Wait()
		if !rec.ended() || strings.Contains(rec.String(), "change") {
			t.Errorf("%q", rec.String())
		}
		stop()
	})
}

type endedWaiter struct{ neverBehind }

func (endedWaiter) Await(context.Context, event.Position) error { return subscription.ErrEnded }

func TestDepositElsewhereReachesTheStream(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 0)
	v.CatchUp()
	l := listen(t, v.server, "?account="+id)
	l.next()
	if _, err := v.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: banktest.EUR(100)}); err != nil {
		t.Fatal(err)
	}
	if got := l.change(t); got != `{"account":"`+id+`","version":2}` {
		t.Error(got)
	}
}
