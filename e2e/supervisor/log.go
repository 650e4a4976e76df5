package supervisor

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"sync"
)

// Log is the file that one stream of a program goes to. The program itself writes the file, so
// a line that is there was printed, whatever became of the program. Its methods tell of the
// latest life only, except that the file has all.
type Log struct {
	path string

	mu    sync.Mutex
	since int64 // where the latest life begins
}

// open returns the file for a new life.
func (l *Log) open() (*os.File, error) {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = end
	return f, nil
}

// Path returns the name of the file.
func (l *Log) Path() string { return l.path }

// Lines returns all whole lines after the first skip bytes, and how many bytes to skip the next
// time.
func (l *Log) Lines(skip int64) (lines []string, next int64, err error) {
	l.mu.Lock()
	since := l.since
	l.mu.Unlock()
	f, err := os.Open(l.path)
	if err != nil {
		return nil, skip, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, since+skip, 1<<62))
	if err != nil {
		return nil, skip, err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	for line := range bytes.Lines(whole) {
		lines = append(lines, string(line[:len(line)-1]))
	}
	return lines, skip + int64(len(whole)), nil
}

// Find returns the first match of pattern, with its groups, in a whole line; nil if there is none.
func (l *Log) Find(pattern *regexp.Regexp) []string {
	lines, _, err := l.Lines(0)
	if err != nil {
		return nil
	}
	for _, line := range lines {
		if match := pattern.FindStringSubmatch(line); match != nil {
			return match
		}
	}
	return nil
}

// contains reports whether any life wrote text.
func (l *Log) contains(text string) bool {
	all, err := os.ReadFile(l.path)
	return err == nil && bytes.Contains(all, []byte(text))
}

// tail returns the end of the file, for people.
func (l *Log) tail() string {
	const most = 4 << 10
	text, err := os.ReadFile(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "(nothing)"
	case err != nil:
		return err.Error()
	case len(text) > most:
		return "…" + string(text[len(text)-most:])
	case len(text) == 0:
		return "(nothing)"
	}
	return string(text)
}
