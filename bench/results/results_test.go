package results_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/results"
	"github.com/eventsource-go/eventsource/bench/side"
)

// written returns a file with rounds of a case and its base, in nanoseconds.
func written(t *testing.T, base, of []int) *results.Results {
	t.Helper()
	var b strings.Builder
	b.WriteString("cpu: some\ncommit: abc\n\nPASS\n")
	for i := range base {
		for impl, ns := range map[string]int{"base": base[i], "ours": of[i]} {
			s := side.Sample{
				Case: side.Case{Scenario: "S", Impl: impl, Params: "n=1"}, Ops: 10, Elapsed: time.Duration(10 * ns),
				P50: time.Duration(ns), P99: time.Duration(ns), Mallocs: 39, CPU: time.Duration(5 * ns),
			}
			if err := side.WriteLine(&b, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := results.WriteAbsent(&b, "S/impl=gone/n=1", errors.New("not\nserved")); err != nil {
		t.Fatal(err)
	}
	res, err := results.Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

const us = 1000

func TestVerdicts(t *testing.T) {
	ratio := func(base string, atLeast float64) results.Goal {
		return results.Goal{ID: "X", Claim: "c", Case: "S/impl=ours/n=1", Base: "S/impl=" + base + "/n=1", Estimator: results.Pairs, AtLeast: atLeast}
	}
	allocs := results.Goal{ID: "X", Claim: "c", Case: "S/impl=ours/n=1", Estimator: results.Median, Metric: "allocs/op", AtMost: 2.9}
	more, none := allocs, allocs
	more.AtMost, none.Metric = 3, "trips/op"
	steady := written(t, []int{200 * us, 210 * us, 190 * us, 200 * us, 200 * us}, []int{100 * us, 101 * us, 99 * us, 100 * us, 100 * us})
	torn := written(t, []int{200 * us, 200 * us, 200 * us, 200 * us, 200 * us}, []int{60 * us, 400 * us, 105 * us, 300 * us, 95 * us})
	noisy := written(t, []int{100 * us, 301 * us, 200 * us}, []int{10 * us, 10 * us, 10 * us})
	for name, tt := range map[string]struct {
		in   *results.Results
		goal results.Goal
		want results.Outcome
	}{
		"reached":                     {steady, ratio("base", 1.9), results.Reached},
		"missed":                      {steady, ratio("base", 2.3), results.Missed},
		"interval around the bound":   {torn, ratio("base", 2), results.Open},
		"base too noisy to reach":     {noisy, ratio("base", 2), results.Noisy},
		"base too noisy to miss":      {noisy, ratio("base", 100), results.Noisy},
		"absent with a reason":        {steady, ratio("gone", 1), results.Absent},
		"absent without":              {steady, ratio("other", 1), results.Absent},
		"too many allocations":        {steady, allocs, results.Missed},
		"few allocations":             {steady, more, results.Reached},
		"a metric that nobody writes": {steady, none, results.Absent},
	} {
		t.Run(name, func(t *testing.T) {
			v := results.Judge(tt.in, []results.Goal{tt.goal}, 1)[0]
			if v.Outcome != tt.want {
				t.Errorf("%s: %+v, want %s", v, v, tt.want)
			}
			if (v.Outcome == results.Absent || v.Outcome == results.Noisy) && v.Reason == "" {
				t.Error("no reason")
			}
		})
	}
	v := results.Judge(steady, []results.Goal{ratio("gone", 1)}, 1)[0]
	if !strings.Contains(v.String(), "not served") {
		t.Errorf("the reason is lost: %s", v)
	}
	if again := results.Judge(torn, []results.Goal{ratio("base", 2)}, 7)[0]; again != results.Judge(torn, []results.Goal{ratio("base", 2)}, 7)[0] {
		t.Error("equal seeds, other intervals")
	}
}

// Only when one estimator is on the wrong side and the interval is not, a goal is open.
func TestThreeEstimatorsMustAgree(t *testing.T) {
	res := written(t, []int{200 * us, 200 * us, 150 * us}, []int{90 * us, 90 * us, 90 * us})
	goal := results.Goal{ID: "X", Claim: "c", Case: "S/impl=ours/n=1", Base: "S/impl=base/n=1", Estimator: results.Pairs, AtLeast: 2}
	v := results.Judge(res, []results.Goal{goal}, 1)[0]
	if v.Figure < 2 || v.Best > 2 || v.Outcome != results.Open {
		t.Errorf("%s: %+v", v, v)
	}
}

func TestParse(t *testing.T) {
	res := written(t, []int{200, 300}, []int{100, 100})
	if len(res.Header) != 2 || res.Header[1] != (results.Field{Key: "commit", Value: "abc"}) {
		t.Errorf("header %v", res.Header)
	}
	c, ok := res.Case("S/impl=base/n=1")
	if !ok || fmt.Sprint(c.Metrics["ns/op"]) != "[200 300]" || fmt.Sprint(c.Metrics["allocs/op"]) != "[3 3]" {
		t.Errorf("rounds %v", c)
	}
	for _, bad := range []string{"BenchmarkX-2\t12", "BenchmarkX-2\t12\tfast ns/op"} {
		if _, err := results.Parse(strings.NewReader("\n" + bad)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

func TestGoalsThatSayNothingAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":            `[`,
		"unknown field":       `[{"id":"X","claim":"c","case":"a","base":"b","estimator":"pairs","atLeast":1,"atleats":2}]`,
		"no bound":            `[{"id":"X","claim":"c","case":"a","base":"b","estimator":"pairs"}]`,
		"two bounds":          `[{"id":"X","claim":"c","case":"a","base":"b","estimator":"pairs","atLeast":1,"atMost":2}]`,
		"pairs without base":  `[{"id":"X","claim":"c","case":"a","estimator":"pairs","atLeast":1}]`,
		"median without unit": `[{"id":"X","claim":"c","case":"a","estimator":"median","atMost":1}]`,
		"no estimator":        `[{"id":"X","claim":"c","case":"a","base":"b","atLeast":1}]`,
		"figures of a test":   `[{"id":"X","claim":"c","tests":"a TestB","atLeast":1}]`,
		"case and test":       `[{"id":"X","claim":"c","case":"a","base":"b","estimator":"pairs","atLeast":1,"tests":"a TestB"}]`,
		"no id":               `[{"claim":"c","case":"a","base":"b","estimator":"pairs","atLeast":1}]`,
	} {
		if _, err := results.ReadGoals([]byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// A goal about a case that nobody measures would be absent for ever.
func TestGoalsAreAboutCasesThatExist(t *testing.T) {
	goals, err := results.ReadGoals(bench.Goals)
	if err != nil || len(goals) == 0 {
		t.Fatal(len(goals), err)
	}
	known := make(map[string]bool)
	for _, group := range slices.Concat(bench.CPU(), bench.SQLite(), new(bench.Postgres).Cases()) {
		for _, c := range group {
			for _, engine := range []string{"v1", "v2"} { // one of them is this build's
				known[strings.Replace(c.Name(), "json="+bench.JSON, "json="+engine, 1)] = true
			}
		}
	}
	for _, g := range goals {
		if g.Tests != "" {
			for name := range strings.SplitSeq(g.Tests, ", ") {
				if !isTest(t, name) {
					t.Errorf("%s is about %s, and there is no such test", g.ID, name)
				}
			}
			continue
		}
		if !known[g.Case] || g.Base != "" && !known[g.Base] {
			t.Errorf("%s is about %s and %q, which are not both measured", g.ID, g.Case, g.Base)
		}
	}
	for id := range strings.FieldsSeq("A1 A2 A3 A4 A5 A6 B1 B2 B3 B4 C1 C2 C3 C4 C5 C6 C7 C9 D1 D2 D4 E1 E2 H3 H4") {
		found := false
		for _, g := range goals {
			found = found || g.ID == id
		}
		if !found {
			t.Errorf("no goal %s", id)
		}
	}
}

func TestReport(t *testing.T) {
	res := written(t, []int{200 * us, 210 * us, 190 * us}, []int{100 * us, 100 * us, 100 * us})
	goals := []results.Goal{
		{ID: "X1", Claim: "twice as fast", Case: "S/impl=ours/n=1", Base: "S/impl=base/n=1", Estimator: results.Pairs, AtLeast: 1.8},
		{ID: "X2", Claim: "ten times", Case: "S/impl=ours/n=1", Base: "S/impl=base/n=1", Estimator: results.Pairs, AtLeast: 10},
		{ID: "X3", Claim: "as fast as who is gone", Case: "S/impl=ours/n=1", Base: "S/impl=gone/n=1", Estimator: results.Pairs, AtLeast: 1},
	}
	var b strings.Builder
	if err := results.Report(&b, res, results.Judge(res, goals, 1)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"commit: abc",
		"| X1 | twice as fast | 2.00x [1.90 – 2.10] | 1.90x | 2.00x | 2.00x | ≥ 1.8x | reached |",
		"| X2 | ten times | 2.00x [1.90 – 2.10] | 1.90x | 2.00x | 2.00x | ≥ 10x | **missed** |",
		"**absent**: S/impl=gone/n=1: not served",
		"| impl=ours/n=1 | 100 µs | 100 µs – 100 µs | 100 µs | 10000 |",
		"- S/impl=gone/n=1: not served",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestHeaderNamesNoMachine(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	header := results.Header(t.Context(), t.TempDir(), time.Millisecond)
	keys := make(map[string]string)
	for _, f := range header {
		keys[f.Key] = f.Value
		if f.Value == "" || strings.Contains(f.Value, "\n") || len(host) > 3 && strings.Contains(f.Value, host) {
			t.Errorf("%s is %q", f.Key, f.Value)
		}
	}
	for _, key := range []string{"goos", "goarch", "cpu", "cores", "go", "date", "fdatasync"} {
		if keys[key] == "" {
			t.Errorf("no %s", key)
		}
	}
}

// isTest reports whether a folder of the repository has a test.
func isTest(t *testing.T, name string) bool {
	folder, function, _ := strings.Cut(name, " ")
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "\nfunc "+function+"(t *testing.T)")
	})
}

// What tests hold needs no figures, and is not missed for that.
func TestGoalsThatTestsHold(t *testing.T) {
	goals, err := results.ReadGoals([]byte(`[{"id":"X","claim":"c","tests":"a TestB, d TestE"}]`))
	if err != nil {
		t.Fatal(err)
	}
	v := results.Judge(&results.Results{}, goals, 1)
	if v[0].Outcome != results.Tested || !strings.Contains(v[0].String(), "goal exact (a TestB, d TestE)") {
		t.Errorf("%v", v[0])
	}
	var out strings.Builder
	if err := results.Report(&out, &results.Results{}, v); err != nil || !strings.Contains(out.String(), "| X | c | – | – | – | – | exact | a test: a TestB, d TestE |") {
		t.Errorf("%s %v", out.String(), err)
	}
}
