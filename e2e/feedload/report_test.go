package feedload_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// report is what a run found.
type report struct {
	Size       int // events that were asked for
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
	Baits   []time.Duration // how long the transactions stayed open that make the rivals' loss certain

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
	say := func(lines ...string) { b.WriteString(strings.Join(lines, "\n") + "\n") }
	sayf := func(format string, args ...any) { say(fmt.Sprintf(format, args...)) }
	say("# The feed under load", "")
	sayf("Written by `TestFeedUnderLoad` in `e2e/feedload` on %s: %d cores, PostgreSQL %s on the same machine, where an append that is\n"+
		"acknowledged survives %s. The test asserts what the first table says, and no time.\n", r.Date, r.Cores, r.PostgreSQL, r.Durability)
	sayf("    %s=%d %s=%d %s=reports go test ./feedload -run TestFeedUnderLoad -timeout 30m\n", sizeVariable, r.Size, evidence.SeedVariable, r.Seed, evidence.ReportsVariable)
	sayf("%d writers committed %d events in %s, and rolled %d back, by %d appends to one stream, %d to several and %d transactions.\n"+
		"%d transactions were rolled back, %d stayed open for 50 to 500 ms after they had appended, %d wrote to another table before.\n"+
		"%d calls went to one of %d streams that all share.\n",
		writers, r.Committed, r.Took.Round(time.Second), r.RolledBack, r.Appends, r.SeveralStreams, r.Transactions,
		r.TransactionsRolledBack, r.HeldOpen, r.WroteElsewhere, r.OnHotStreams, hotStreams)
	sayf("Meanwhile, for the first %s, two foreign transactions were open: one that had written to another table of the database,\n"+
		"and one in another database of the server. Until they ended, the writers' transactions that stayed open had streams that nobody\n"+
		"else appends to; one that all share makes a queue, and the lag would be as long as that.\n", r.ForeignOpen.Round(time.Second))
	say("| Reader | Shown | Lost | Phantom | Out of stream order | Doubled | Positions going back | Shown while the foreign transactions were open |")
	say("|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, l := range slices.Concat(r.Readers, r.Rivals) {
		sayf("| %s | %d | %d | %d | %d | %d | %d | %d |", l.Name, l.Shown, l.Lost, l.Phantoms, l.OutOfOrder, l.Doubled, l.OutOfPosition, l.WhileForeignOpen)
	}
	sayf("\nThe last two are what others do, on the same tables at the same time. The naive one lost %s of all events. The one that goes\n"+
		"by `xmin` stands still while any transaction of the server is open that has written; of what was written when there was\n"+
		"none from outside it lost %s.\n", percent(r.Rivals[0].Lost, r.Committed), percent(r.Rivals[1].Lost, r.Committed-int(r.Readers[0].WhileForeignOpen)))
	sayf("Events that stand before one whose append was acknowledged before theirs was called: %d.\n", r.AgainstTime)
	say("| Until the tailing reader shows an event | Events | p50 | p99 | most |")
	say("|---|---:|---:|---:|---:|")
	row := func(name string, l lag) {
		sayf("| %s | %d | %s | %s | %s |", name, l.Events, ms(l.P50), ms(l.P99), ms(l.Most))
	}
	row("from its commit, while the foreign transactions were open", r.WhileOpen.Committed)
	row("from when nobody was left who could fill an earlier position", r.WhileOpen.Due)
	row("from its commit, afterwards", r.Afterwards.Committed)
	row("from when nobody was left who could fill an earlier position", r.Afterwards.Due)
	under := "stayed under a second"
	if r.WhileOpen.Committed.Most >= time.Second {
		under = "was over a second at the most"
	}
	sayf("\nThe lag from the commit %s while the foreign transactions were open. Most of it is the writers' own doing: of the\n"+
		"%d transactions that stayed open after they had drawn positions there was nearly always one, for which every feed that\n"+
		"loses nothing has to wait. What the feed adds is in the second line, with six readers, %d writers and the server sharing the\n"+
		"cores. Pages that named a foreign transaction as what they wait for: %d.", under, r.HeldOpen, writers, r.BlamedOnIt)
	return b.String()
}

func percent(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }
