package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// marker stands before a block of Go that is quoted from an example. The file is relative to the document or, when it is
// not there, to the root of the repository; a space in the place of the # is read, and written as #.
//
//	<!-- example: path/to/example_test.go#ExampleName -->
var marker = regexp.MustCompile("(?m)^<!-- example: ([^ #]+)(?:[# ]([^ ]+))? -->\n(?:```go\n(?s:.*?)\n```\n)?")

// anyMarker finds what was meant as a marker, so that one with a slip in it isn't passed over.
var anyMarker = regexp.MustCompile("(?m)^.*<!-- *example:.*$")

// Fill returns the document, given by its path below root, as it is and with every marked block as its example has it now.
// A marker without a block gets one.
func Fill(root, document string) (old, filled string, err error) {
	name := filepath.Join(root, filepath.FromSlash(document))
	data, err := os.ReadFile(name)
	if err != nil {
		return "", "", err
	}
	old = string(data)
	if want, got := len(anyMarker.FindAllString(withoutCode(old), -1)), len(marker.FindAllString(old, -1)); want != got {
		return "", "", fmt.Errorf("%s: %d markers, %d of them of the form <!-- example: file_test.go#Name,Name -->, on a line of their own", document, want, got)
	}
	var b strings.Builder
	last := 0
	for _, m := range marker.FindAllStringSubmatchIndex(old, -1) {
		file := old[m[2]:m[3]]
		var names []string
		head := "<!-- example: " + file
		if m[4] >= 0 {
			names = strings.Split(old[m[4]:m[5]], ",")
			head += "#" + old[m[4]:m[5]]
		}
		code, err := Quote(locate(root, filepath.Dir(name), filepath.FromSlash(file)), names)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", document, err)
		}
		b.WriteString(old[last:m[0]])
		b.WriteString(head + " -->\n```go\n" + code + "```\n")
		last = m[1]
	}
	b.WriteString(old[last:])
	return old, b.String(), nil
}

func locate(root, dir, file string) string {
	if beside := filepath.Join(dir, file); exists(beside) {
		return beside
	}
	return filepath.Join(root, file)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
