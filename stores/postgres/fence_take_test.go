package postgres

import "testing"

// Each step is a look: the ceiling, who holds the lock, and up to where things are settled then.
func TestFenceConcludes(t *testing.T) {
	const monday, tuesday = 1, 2
	type step struct {
		server  int64
		again   int64
		ceiling int64
		holders []holder
		settled int64
	}
	open := func(ids ...string) (holders []holder) {
		for _, id := range ids {
			holders = append(holders, holder{id: id})
		}
		return holders
	}
	prepared := func(id string, others ...holder) []holder { return append(others, holder{id: id, prepared: true}) }
	for name, steps := range map[string][]step{
		"nobody":                        {{monday, monday, 10, nil, 10}, {monday, monday, 12, nil, 12}},
		"who was there first":           {{monday, monday, 10, open("a"), 0}, {monday, monday, 20, open("a"), 0}, {monday, monday, 20, nil, 20}},
		"who came later":                {{monday, monday, 10, nil, 10}, {monday, monday, 20, open("a"), 10}, {monday, monday, 30, open("a", "b"), 10}, {monday, monday, 40, open("b"), 20}},
		"prepared, and known before":    {{monday, monday, 10, open("a"), 0}, {monday, monday, 20, prepared("p"), 0}, {monday, monday, 20, nil, 20}},
		"prepared, and another ends":    {{monday, monday, 10, nil, 10}, {monday, monday, 20, open("a"), 10}, {monday, monday, 30, prepared("p", open("b")...), 10}, {monday, monday, 30, open("b"), 20}},
		"prepared between two looks":    {{monday, monday, 10, nil, 10}, {monday, monday, 20, prepared("p"), 10}},
		"rolled back to a savepoint":    {{monday, monday, 10, open("a"), 0}, {monday, monday, 20, nil, 20}, {monday, monday, 30, open("a"), 20}},
		"another server":                {{monday, monday, 10, nil, 10}, {tuesday, tuesday, 30, open("a"), 0}, {tuesday, tuesday, 30, nil, 30}},
		"another server in between":     {{monday, monday, 10, nil, 10}, {monday, tuesday, 30, nil, 0}, {tuesday, tuesday, 20, nil, 20}},
		"the sequence has gone back":    {{monday, monday, 50, nil, 50}, {monday, monday, 40, open("a"), 0}, {monday, monday, 45, nil, 45}},
		"nothing that is settled opens": {{monday, monday, 10, nil, 10}, {monday, monday, 10, open("a"), 10}},
	} {
		var f fence
		for i, s := range steps {
			f.take(s.ceiling, s.server, s.again, s.holders)
			if f.settled != s.settled {
				t.Errorf("%s, look %d: settled up to %d, want %d", name, i+1, f.settled, s.settled)
			}
		}
	}
}
