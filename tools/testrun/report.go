package testrun

import (
	"fmt"
	"io"
	"strings"
)

// Report writes the failures with their output, then a row for each module, then one plain line of totals. It returns
// false unless everything passed and nothing was skipped: a skipped test is a promise that nobody looked at.
func (r *Run) Report() bool {
	rows := append(r.rows, row{"vet, format, lint, alone", r.checks})
	var total Result
	for _, row := range rows {
		total.Add(row.Result)
	}
	for _, f := range total.Failures {
		fmt.Fprintf(r.Out, "\n--- FAIL: %s\n%s", f.Name, ended(f.Output))
	}
	if len(total.Skips) > 0 {
		fmt.Fprintf(r.Out, "\nskipped, which counts as a failure:\n  %s\n", strings.Join(total.Skips, "\n  "))
	}
	fmt.Fprintln(r.Out)
	writeTable(r.Out, rows, total)
	fmt.Fprintf(r.Out, "\n%d passed, %d failed, %d skipped\n", total.Passed, total.Failed, total.Skipped)
	return total.Failed == 0 && total.Skipped == 0 && total.Passed > 0
}

func writeTable(out io.Writer, rows []row, total Result) {
	const heads, format = "%-*s  %6s  %6s  %7s  %7s\n", "%-*s  %6d  %6d  %7d  %7.1f\n"
	rows = append(rows, row{"total", total})
	width := 0
	for _, row := range rows {
		width = max(width, len(row.name))
	}
	fmt.Fprintf(out, heads, width, "module", "passed", "failed", "skipped", "seconds")
	for _, row := range rows {
		fmt.Fprintf(out, format, width, row.name, row.Passed, row.Failed, row.Skipped, row.Elapsed.Seconds())
	}
}

func ended(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}
