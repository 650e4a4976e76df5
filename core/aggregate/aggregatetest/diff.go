package aggregatetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// renderEvents returns one line for each event, or several for a long one.
func renderEvents[E any](events []E) []string {
	const wide = 100
	var lines []string
	for _, e := range events {
		text, err := json.Marshal(e)
		if err == nil && len(text) > wide {
			text, err = json.MarshalIndent(e, "", "  ")
		}
		if err != nil {
			text = fmt.Appendf(nil, "%#v", e)
		}
		lines = append(lines, strings.Split(fmt.Sprintf("%T %s", e, text), "\n")...)
	}
	return lines
}

// renderState returns a state as Go sees it, a field a line, so that no difference is hidden by JSON.
func renderState(state any) []string {
	text := fmt.Sprintf("%#v", state)
	return strings.Split(strings.ReplaceAll(text, ", ", ",\n  "), "\n")
}

// diff marks the lines of want that got lacks with '-' and those that it has beyond want with
// '+'. It is the longest common subsequence by the table, good enough for a failing test.
func diff(want, got []string) string {
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i, w := range slices.Backward(want) {
		for j := len(got) - 1; j >= 0; j-- {
			if w == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var b strings.Builder
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			fmt.Fprintf(&b, "    %s\n", want[i])
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintf(&b, "  - %s\n", want[i])
			i++
		default:
			fmt.Fprintf(&b, "  + %s\n", got[j])
			j++
		}
	}
	return b.String()
}
