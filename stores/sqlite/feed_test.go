package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// A page that looks for what is rare ends after a while, and says how far it looked.
func TestPageThatFindsNothingEnds(t *testing.T) {
	s := openForGroups(t, Config{})
	names := make([]string, 10_000)
	for i := range names {
		names[i] = "common"
	}
	for i := range maxLook/len(names) + 1 {
		if _, err := s.Append(t.Context(), draftTo(fmt.Sprint(i), eventstore.NoStream, names...)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Append(t.Context(), draftTo("rare", eventstore.NoStream, "rare")); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]eventstore.FeedQuery{"type": {Types: []string{"rare"}}, "category": {Categories: []string{"none"}}} {
		first, err := s.Page(t.Context(), q)
		if err != nil || len(first.Records) != 0 || first.AtHead || s.number(first.Next.Position) != maxLook || first.Next.Event == (event.ID{}) {
			t.Errorf("%s: %d records, at head %v, next %v, %v", name, len(first.Records), first.AtHead, first.Next, err)
		}
		q.After = first.Next
		second, err := s.Page(t.Context(), q)
		if err != nil || !second.AtHead || len(second.Records) != len(q.Types) {
			t.Errorf("%s: %d records, at head %v, %v", name, len(second.Records), second.AtHead, err)
		}
	}
}

// What is read often must find its rows by an index, and in order.
func TestQueriesUseIndexes(t *testing.T) {
	s := openForGroups(t, Config{})
	tenant, _, err := pageQuery(1, 9, eventstore.FeedQuery{Tenant: "a", Types: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := pageQuery(1, 9, eventstore.FeedQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		tenant:        "es_events_tenant (tenant=? AND position>? AND position<?)",
		all:           "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
		readForward:   "(tenant=? AND category=? AND stream=? AND version>? AND version<?)",
		readBackward:  "(tenant=? AND category=? AND stream=? AND version>? AND version<?)",
		selectByID[2]: "(event_id=?)",
		listStreams:   "PRIMARY KEY (tenant=? AND category=? AND stream>?)",
	} {
		plan := planOf(t, s, query)
		if !strings.Contains(plan, want) || strings.Contains(plan, "SCAN es_") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

func planOf(t *testing.T, s *Store, query string) (plan string) {
	t.Helper()
	rows, err := s.DB().DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan += step + "; "
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
