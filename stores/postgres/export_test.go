package postgres

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Statements returns what the store asks about a log of 10^5 events, with arguments filled in.
func Statements(s *Store, filtered, tenant eventstore.FeedQuery) map[string]string {
	known := []any{"t3", "c3", "3", 50, 100, "2000-01-01", "2100-01-01", 64}
	byType, types := s.pageQuery(50_000, 70_000, filtered)
	byTenant, tenants := s.pageQuery(50_000, 70_000, tenant)
	return map[string]string{
		"read":        fill(s.text.forward, known...),
		"read back":   fill(s.text.back, known...),
		"state":       fill(s.text.state, known[:3]...),
		"position of": fill(s.text.placed, known[:4]...),
		"lookup":      fill(s.text.lookup, `{019b2b8e-7f8a-7c3e-8d7e-000000000001}`),
		"list":        fill(s.text.list, "t3", "many", "5", 100),
		"tail":        fill(s.text.tail, 99_000, 501),
		"reach":       fill(s.text.reach, 50_000, 0, 20_000),
		"head":        fill(s.text.head, 99_000),
		"event at":    fill(s.text.eventAt, 50_000),
		"by type":     fill(byType, types...),
		"by tenant":   fill(byTenant, tenants...),
	}
}

var argument = regexp.MustCompile(`\$[0-9]+`)

func fill(text string, args ...any) string {
	return argument.ReplaceAllStringFunc(text, func(name string) string {
		n, _ := strconv.Atoi(name[1:])
		switch arg := args[n-1].(type) {
		case string:
			return "'" + arg + "'"
		case []string:
			return fmt.Sprintf("'{%s,%s}'", arg[0], arg[1])
		default:
			return fmt.Sprint(arg)
		}
	})
}
