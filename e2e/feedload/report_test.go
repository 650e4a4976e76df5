package feedload_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// report is what a run found.
type report struct {
	Seed       uint64
	Date       string
	Cores      int
	PostgreSQL string
	Durability string
	Took       time.Duration

	Committed, RolledBack                     int // events
	Appends, SeveralStreams, Transactions     int64
	TransactionsRolledBack, HeldOpen          int64
	WroteElsewhere, OnHotStreams, AgainstTime int64

	Readers []line
	Rivals  []line

	ForeignOpen           time.Duration
	BlamedOnIt            int
	WhileOpen, Afterwards lags
}

// lags are how long events took to be shown, since they were committed and since they were due.
type lags struct{ Committed, Due lag }

// line is what one reader saw.
type line struct {
	Name string
	verdict
	WhileForeignOpen int64 // events that it had shown when the foreign transactions ended
	Pages            int   `json:",omitempty"`
	Stalls           int   `json:",omitempty"`
	Restarts         int   `json:",omitempty"`
}

// publish logs the report, and writes it beside the JSON as a page for people.
func (r *report) publish(t *testing.T) {
	t.Helper()
	evidence.Report(t, "feed-under-load", r)
	dir := os.Getenv(evidence.ReportsVariable)
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, "feed-under-load.md"), []byte(r.page()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *report) page() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# The feed under load\n")
	say("Written by `TestFeedUnderLoad` in `e2e/feedload` on %s: %d cores, PostgreSQL %s on the same machine, an append acknowledged as surviving %s.", r.Date, r.Cores, r.PostgreSQL, r.Durability)
	say("The test asserts every number of the first table and that the rivals lose; it asserts no time.\n")
	say("    %s=%d %s=%d %s=reports go test ./feedload -run TestFeedUnderLoad -timeout 30m\n", sizeVariable, r.Committed, evidence.SeedVariable, r.Seed, evidence.ReportsVariable)
	say("%d writers committed %d events in %s, and rolled %d back: %d appends to one stream, %d to several, %d transactions, of which %d were rolled back, %d stayed open for 50 to 500 ms after they had appended, and %d wrote to another table before. %d calls went to one of %d streams that all share.",
		writers, r.Committed, r.Took.Round(time.Second), r.RolledBack, r.Appends, r.SeveralStreams, r.Transactions, r.TransactionsRolledBack, r.HeldOpen, r.WroteElsewhere, r.OnHotStreams, hotStreams)
	say("Meanwhile, for %s of it, a transaction that had written to another table of the database was open, and one in another database.\n", r.ForeignOpen.Round(time.Second))
	say("| Reader | Shown | Lost | Phantom | Out of stream order | Doubled | Positions going back | Shown while the foreign transactions were open |")
	say("|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, l := range append(r.Readers, r.Rivals...) {
		say("| %s | %d | %d | %d | %d | %d | %d | %d |", l.Name, l.Shown, l.Lost, l.Phantoms, l.OutOfOrder, l.Doubled, l.OutOfPosition, l.WhileForeignOpen)
	}
	say("\nThe last two are what others do, on the same tables at the same time. The one that goes by `xmin` stands still while any transaction of the server is open that has written, here for as long as the foreign ones were; what it lost, it lost afterwards.")
	say("Events that stand before one whose append was acknowledged before theirs was called: %d.\n", r.AgainstTime)
	say("| Until the tailing reader shows an event | Events | p50 | p99 | most |")
	say("|---|---:|---:|---:|---:|")
	row := func(name string, l lag) {
		say("| %s | %d | %s | %s | %s |", name, l.Events, ms(l.P50), ms(l.P99), ms(l.Most))
	}
	row("from its commit, while the foreign transactions were open", r.WhileOpen.Committed)
	row("from when nobody was left who could fill an earlier position", r.WhileOpen.Due)
	row("from its commit, afterwards", r.Afterwards.Committed)
	row("from when nobody was left who could fill an earlier position", r.Afterwards.Due)
	under := "stayed under a second"
	if r.WhileOpen.Committed.Most >= time.Second {
		under = "was over a second at the most"
	}
	say("\nThe lag from the commit %s while the foreign transactions were open. Most of it is the writers' own doing: of %d transactions that stayed open after they had drawn positions there was nearly always one, and every feed that loses nothing has to wait for it. What the feed adds is in the second line, with six readers, %d writers and the server sharing the cores. Pages that named a foreign transaction as what they wait for: %d.", under, r.HeldOpen, writers, r.BlamedOnIt)
	return b.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }
