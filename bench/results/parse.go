package results

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Results is what a run wrote.
type Results struct {
	Header []Field
	Cases  []Rounds // in the order in which they first appear
	Absent []string // "case: reason"
}

// Rounds is one case: one entry for each round in each metric.
type Rounds struct {
	Name    string // "Load/impl=ours/store=memory/json=v1/n=100"
	Metrics map[string][]float64
}

// absentMark begins the line of a case without figures. benchstat ignores it.
const absentMark = "# absent "

// WriteAbsent writes why a case has no figures.
func WriteAbsent(w io.Writer, name string, reason error) error {
	_, err := fmt.Fprintf(w, "%s%s: %s\n", absentMark, name, strings.Join(strings.Fields(reason.Error()), " "))
	return err
}

var (
	fieldLine = regexp.MustCompile(`^([a-z][^\sA-Z:]*): (.*)$`)
	cpuSuffix = regexp.MustCompile(`-\d+$`)
)

// Parse reads Go's benchmark format. The k-th line of a name is its k-th round.
func Parse(r io.Reader) (*Results, error) {
	res, index := &Results{}, make(map[string]int)
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := fieldLine.FindStringSubmatch(line); m != nil {
			res.Header = append(res.Header, Field{m[1], m[2]})
			continue
		}
		if reason, ok := strings.CutPrefix(line, absentMark); ok {
			res.Absent = append(res.Absent, reason)
			continue
		}
		text, ok := strings.CutPrefix(line, "Benchmark")
		if !ok {
			continue
		}
		words := strings.Fields(text)
		if len(words) < 4 || len(words)%2 != 0 {
			return nil, fmt.Errorf("line %d: a benchmark without figures", n)
		}
		name := cpuSuffix.ReplaceAllString(words[0], "")
		at, ok := index[name]
		if !ok {
			at = len(res.Cases)
			index[name] = at
			res.Cases = append(res.Cases, Rounds{Name: name, Metrics: make(map[string][]float64)})
		}
		for i := 2; i < len(words); i += 2 {
			value, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("line %d: %q is no figure", n, words[i])
			}
			metrics := res.Cases[at].Metrics
			metrics[words[i+1]] = append(metrics[words[i+1]], value)
		}
	}
	return res, lines.Err()
}

// Case returns the rounds of a case; ok is false if there are none.
func (r *Results) Case(name string) (rounds Rounds, ok bool) {
	for _, c := range r.Cases {
		if c.Name == name {
			return c, true
		}
	}
	return Rounds{}, false
}

// why returns the reason for which a case is absent.
func (r *Results) why(name string) string {
	for _, line := range r.Absent {
		if reason, ok := strings.CutPrefix(line, name+": "); ok {
			return reason
		}
	}
	return "not measured in this run"
}
