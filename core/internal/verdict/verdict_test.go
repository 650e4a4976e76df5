package verdict_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/internal/verdict"
)

func TestOf(t *testing.T) {
	for name, c := range map[string]struct {
		test func(tb testing.TB)
		want string // a part of the verdict; empty is none at all
	}{
		"passes": {func(tb testing.TB) { tb.Log("well"); tb.Helper() }, ""},
		"error":  {func(tb testing.TB) { tb.Errorf("bad %d", 1) }, "bad 1"},
		"fatal":  {func(tb testing.TB) { tb.Fatal("bad"); panic("it went on") }, "bad"},
		"fail":   {func(tb testing.TB) { tb.FailNow() }, "failed"},
		"panic":  {func(testing.TB) { panic("oh") }, "panic: oh"},
	} {
		got := verdict.Of(t, c.test)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || strings.Contains(got, "went on") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestOfCleansUp(t *testing.T) {
	var order []string
	verdict.Of(t, func(tb testing.TB) {
		ctx := tb.Context()
		for _, name := range []string{"last", "first"} {
			tb.Cleanup(func() {
				if ctx.Err() == nil {
					t.Error("the context outlives the test")
				}
				order = append(order, name)
			})
		}
		tb.FailNow()
	})
	if strings.Join(order, " ") != "first last" {
		t.Errorf("cleaned up %v", order)
	}
}
