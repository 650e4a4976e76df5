package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statusesFile names the file in which curl takes note of the status of each answer.
const statusesFile = "TEST_CURL_STATUSES"

// TestTour pastes what the README tells to do into a shell, in which this program is curl and
// jq: a machine may lack both. Above each curl is a comment with the status of its answer.
func TestTour(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, ":memory:")
	defer p.stop(exitOK)
	script, want := tour(string(readme))
	const address = "BANK=http://localhost:8080\n"
	if !strings.HasPrefix(script, address) || len(want) < 10 || strings.Count(script, "curl ") != len(want) {
		t.Fatalf("%d steps, of\n%s", len(want), script)
	}
	tools := t.TempDir()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for name := range stands {
		if err := os.Symlink(self, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	statuses := filepath.Join(tools, "statuses")
	var out bytes.Buffer
	shell := exec.CommandContext(t.Context(), "sh", "-eu") // a name that nothing has been said of ends it
	shell.Stdin = strings.NewReader("BANK=" + p.url + "\n" + strings.TrimPrefix(script, address))
	shell.Env = append(os.Environ(), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"), statusesFile+"="+statuses)
	shell.Stdout, shell.Stderr = &out, &out
	if err := shell.Run(); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	got, err := os.ReadFile(statuses)
	if err != nil || !slices.Equal(strings.Fields(string(got)), want) {
		t.Errorf("answered with\n%s, want\n%s, %v\n%s", strings.Fields(string(got)), want, err, &out)
	}
	for _, said := range []string{`"version":3`, "Etag: ", `"reference":"lunch"`} { // of the 412, and of what the token is for
		if !strings.Contains(out.String(), said) {
			t.Errorf("%s is not among\n%s", said, &out)
		}
	}
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// tour returns the shell blocks of a document, and the statuses in their comments.
func tour(document string) (script string, statuses []string) {
	for _, block := range shellBlock.FindAllStringSubmatch(document, -1) {
		script += block[1]
	}
	for line := range strings.Lines(script) {
		if status, ok := strings.CutPrefix(line, "# "); ok {
			statuses = append(statuses, strings.TrimSpace(status))
		}
	}
	return script, statuses
}

// stands is the programs that this one stands in for, by name.
var stands = map[string]func(args []string, stdin io.Reader, stdout io.Writer) error{"curl": curl, "jq": jq}

// standIn runs as the program whose name this one was called by; false if it is none.
func standIn() bool {
	tool := stands[filepath.Base(os.Args[0])]
	if tool == nil {
		return false
	}
	if err := tool(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%q: %v\n", os.Args, err)
		os.Exit(1)
	}
	return true
}

// curl knows what the tour needs of curl.
func curl(args []string, _ io.Reader, stdout io.Writer) error {
	r, err := http.NewRequest(http.MethodGet, "", http.NoBody)
	if err != nil {
		return err
	}
	head, body, format := false, stdout, ""
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		value := func() (v string) {
			if len(args) > 0 {
				v, args = args[0], args[1:]
			}
			return v
		}
		switch word {
		case "-s":
		case "-i":
			head = true
		case "-o":
			if value() == "/dev/null" {
				body = io.Discard
			}
		case "-w":
			format = value()
		case "-H":
			name, text, _ := strings.Cut(value(), ": ")
			r.Header.Set(name, text)
		case "-d":
			text := value()
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(text)), int64(len(text))
		default:
			if strings.HasPrefix(word, "-") || r.URL.Host != "" {
				return fmt.Errorf("what is %q?", word)
			}
			if r.URL, err = r.URL.Parse(word); err != nil {
				return err
			}
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if head {
		fmt.Fprintln(stdout, res.Status)
		if err := res.Header.Write(stdout); err != nil {
			return err
		}
	}
	if _, err := io.Copy(body, res.Body); err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(format, "%header{"); ok {
		fmt.Fprint(stdout, res.Header.Get(strings.TrimSuffix(name, "}")))
	}
	statuses, err := os.OpenFile(os.Getenv(statusesFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(statuses, res.StatusCode)
	return errors.Join(err, statuses.Close())
}

// jq knows -r and the name of a field.
func jq(args []string, stdin io.Reader, stdout io.Writer) error {
	var fields map[string]any
	if err := json.NewDecoder(stdin).Decode(&fields); err != nil {
		return err
	}
	if len(args) != 2 || args[0] != "-r" || fields[strings.TrimPrefix(args[1], ".")] == nil {
		return errors.New("not found")
	}
	_, err := fmt.Fprintln(stdout, fields[strings.TrimPrefix(args[1], ".")])
	return err
}
