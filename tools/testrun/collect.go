// Package testrun runs everything that this repository holds itself to, and counts.
package testrun

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Result is what a run of "go test -json" came to. Tests are counted at the leaves: a test with subtests is their frame
// and counts only when it fails by itself, or ends before it has run one.
type Result struct {
	Passed, Failed, Skipped int
	Elapsed                 time.Duration
	Failures                []Failure
	Skips                   []string // what was skipped
}

// Failure is a test that failed, or a package that failed outside of any test: it did not compile, it exited, it raced.
type Failure struct {
	Name   string
	Output string
}

// Add counts other into r.
func (r *Result) Add(other Result) {
	r.Passed += other.Passed
	r.Failed += other.Failed
	r.Skipped += other.Skipped
	r.Elapsed += other.Elapsed
	r.Failures = append(r.Failures, other.Failures...)
	r.Skips = append(r.Skips, other.Skips...)
}

// event is a line of "go test -json" (go doc test2json, and go help buildjson for the lines of the compiler).
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// collector reads the events of one run. It keeps the output of tests that have not passed.
type collector struct {
	packages map[string]*packageRun
	builds   map[string]*strings.Builder
	result   Result
	done     func(pkg string, r Result) // called when a package with tests is through; may be nil
}

type packageRun struct {
	started time.Time
	tests   map[string]*testRun
	output  strings.Builder
}

type testRun struct {
	action string // last terminal one: pass, fail, skip
	output strings.Builder
}

func newCollector(done func(string, Result)) *collector {
	return &collector{packages: map[string]*packageRun{}, builds: map[string]*strings.Builder{}, done: done}
}

// line takes one line. What is not an event is ignored: the go command prints its own complaints to stderr.
func (c *collector) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		return
	}
	if e.Action == "build-output" {
		b, ok := c.builds[e.ImportPath]
		if !ok {
			b = new(strings.Builder)
			c.builds[e.ImportPath] = b
		}
		b.WriteString(e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p, ok := c.packages[e.Package]
	if !ok {
		p = &packageRun{started: time.Now(), tests: map[string]*testRun{}}
		c.packages[e.Package] = p
	}
	if e.Test == "" {
		c.packageEvent(e, p)
		return
	}
	t, ok := p.tests[e.Test]
	if !ok {
		t = new(testRun)
		p.tests[e.Test] = t
	}
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass":
		t.action = e.Action
		t.output = strings.Builder{}
	case "fail", "skip":
		t.action = e.Action
	}
}

func (c *collector) packageEvent(e event, p *packageRun) {
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		if b, ok := c.builds[e.FailedBuild]; ok {
			p.output.WriteString(b.String())
		}
		r := p.result(e.Package, e.Action)
		r.Elapsed = time.Duration(e.Elapsed * float64(time.Second))
		c.result.Add(r)
		delete(c.packages, e.Package)
		if c.done != nil && r.Passed+r.Failed+r.Skipped > 0 {
			c.done(e.Package, r)
		}
	}
}

// running lists the packages that have begun and not ended, those that run longest first.
func (c *collector) running() []string {
	return slices.SortedFunc(maps.Keys(c.packages), func(a, b string) int {
		return cmp.Or(c.packages[a].started.Compare(c.packages[b].started), cmp.Compare(a, b))
	})
}

// end counts packages that never ended, as when the go command itself was killed, and returns the result.
func (c *collector) end() Result {
	for _, name := range c.running() {
		c.packageEvent(event{Action: "fail", Package: name}, c.packages[name])
	}
	return c.result
}

func (p *packageRun) result(pkg, action string) Result {
	var r Result
	frames := map[string]bool{}    // tests that have subtests
	explained := map[string]bool{} // frames whose failure is that of a subtest
	for name, t := range p.tests {
		for i := strings.LastIndexByte(name, '/'); i >= 0; i = strings.LastIndexByte(name[:i], '/') {
			frames[name[:i]] = true
			if t.action != "pass" && t.action != "skip" {
				explained[name[:i]] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.tests)) {
		t := p.tests[name]
		switch {
		case t.action == "skip":
			r.Skipped++
			r.Skips = append(r.Skips, pkg+" "+name)
		case t.action == "pass" && !frames[name]:
			r.Passed++
		case t.action == "fail" && !explained[name]:
			r.Failed++
			r.Failures = append(r.Failures, Failure{Name: pkg + " " + name, Output: t.output.String()})
		case t.action == "" && !explained[name]:
			r.Failed++
			r.Failures = append(r.Failures, Failure{Name: pkg + " " + name, Output: t.output.String() + "(did not end)\n"})
		}
	}
	if action == "fail" && r.Failed == 0 {
		r.Failed++
		r.Failures = append(r.Failures, Failure{Name: pkg, Output: p.output.String()})
	} else if len(r.Failures) > 0 {
		// Beside the tests' own output: the seed of -shuffle, a race found outside of a test.
		r.Failures[0].Output += p.output.String()
	}
	return r
}
