package chaos_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Stores that break a promise are found out, each by the check that is for it, and the one that
// breaks none is not.
func TestBrokenStoresAreFoundOut(t *testing.T) {
	t.Parallel()
	const atOnce = time.Nanosecond // outcomes are unknown as soon as a reply is swallowed
	swallow := []fault{{kind: swallowing, line: 0, every: 5}, {kind: swallowing, line: 1, every: 5}}
	reset := []fault{{kind: poison, after: 30, lasts: 500 * time.Millisecond, breaks: true, toxic: wire.Toxic{
		Type: "reset_peer", Stream: "downstream", Attributes: map[string]int64{},
	}}}
	for name, c := range map[string]struct {
		wrap    func(*postgres.Store) database
		resolve time.Duration
		faults  []fault
		found   string // the check
	}{
		"honest":         {honest, resolveTimeout, swallow, ""},
		"honest at once": {honest, atOnce, swallow, ""},
		"hopeful":        {func(s *postgres.Store) database { return hopeful{s} }, atOnce, reset, "acknowledged"},
		"modest":         {func(s *postgres.Store) database { return modest{s} }, atOnce, swallow, "refused"},
		"forgetful":      {func(s *postgres.Store) database { return forgetful{s} }, atOnce, swallow, "sent"},
		"splitting":      {func(s *postgres.Store) database { return splitting{s} }, resolveTimeout, nil, "whole"},
		"stubborn":       {func(s *postgres.Store) database { return stubborn{s} }, resolveTimeout, nil, "refused"},
		"shameless":      {func(s *postgres.Store) database { return shameless{s} }, resolveTimeout, nil, "again"},
		"stale":          {newStale, resolveTimeout, nil, "linear"},
		"naive":          {func(s *postgres.Store) database { return naive{s} }, resolveTimeout, nil, "reader"},
		"repeating":      {func(s *postgres.Store) database { return repeating{s} }, resolveTimeout, nil, "reader"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, evidence.Seed(t), nil, postgrestest.Database(t), c.wrap, c.resolve)
			e := r.play(t, slices.Values(c.faults), 120)
			r.judge(t, e)
			if c.found != "" && !e.found(c.found) {
				t.Errorf("it was not found out by %q", c.found)
			}
			for _, f := range e.findings {
				if c.found == "" {
					t.Errorf("%s: %v", f.check, f.err)
				} else {
					first, _, _ := strings.Cut(f.err.Error(), "\n")
					t.Logf("%s: %s …", f.check, first)
				}
			}
		})
	}
}
