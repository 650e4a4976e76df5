package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestTour does what the README tells to do, line by line. Above each curl is a comment with
// the status of its answer, and perhaps with what to remember of it.
func TestTour(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, ":memory:")
	defer p.stop(exitOK)
	vars, expect, n := map[string]string{}, "", 0
	for line := range strings.Lines(string(readme)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "# 2") || strings.HasPrefix(line, "# 4"):
			expect = strings.TrimPrefix(line, "# ")
		case strings.HasPrefix(line, "curl "):
			n++
			follow(t, p, line, expect, vars)
		}
	}
	if n < 10 {
		t.Errorf("the tour has %d steps", n)
	}
}

func follow(t *testing.T, p *process, line, expect string, vars map[string]string) {
	t.Helper()
	for name, value := range vars {
		line = strings.ReplaceAll(strings.ReplaceAll(line, "'$"+name+"'", value), "$"+name, value)
	}
	r, err := http.NewRequest(http.MethodGet, p.url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	words := split(line)
	for i := 1; i < len(words); i++ {
		switch word := words[i]; word {
		case "-i":
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			r.Header.Set(name, value)
		case "-d":
			i++
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(words[i])), int64(len(words[i]))
		default:
			path, ok := strings.CutPrefix(word, "localhost:8080")
			if r.URL, err = r.URL.Parse(path); !ok || err != nil {
				t.Fatalf("%s: what is %q? %v", line, word, err)
			}
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	status, remember, _ := strings.Cut(expect, ", and ")
	if !strings.HasPrefix(res.Status, status+" ") || status == "" {
		t.Errorf("%s\nis answered with %s %s", line, res.Status, body)
	}
	if name, what, ok := strings.Cut(remember, " is "); ok {
		vars[name] = res.Header.Get(what)
		if field, ok := strings.CutPrefix(what, "."); ok {
			var fields map[string]any
			if err := json.Unmarshal(body, &fields); err != nil {
				t.Fatal(err)
			}
			vars[name], _ = fields[field].(string)
		}
		if vars[name] == "" {
			t.Errorf("%s\nhas no %s: %s", line, what, body)
		}
	}
}

// split returns the words of a line, of which some are quoted.
func split(line string) (words []string) {
	for line != "" {
		var word string
		if quote := line[:1]; quote == `'` || quote == `"` {
			word, line, _ = strings.Cut(line[1:], quote)
			line = strings.TrimPrefix(line, " ")
		} else {
			word, line, _ = strings.Cut(line, " ")
		}
		words = append(words, word)
	}
	return words
}
