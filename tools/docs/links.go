package docs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	fenced  = regexp.MustCompile("(?ms)^(```|~~~).*?^(```|~~~) *$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#* *$`)
)

// BrokenLinks returns the relative links of a document, given by its path below root, that lead to no file in root or to
// no heading of a document.
func BrokenLinks(root, document string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(document)))
	if err != nil {
		return nil, err
	}
	text := withoutCode(string(data))
	var broken []string
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		target, fragment, _ := strings.Cut(m[1], "#")
		if strings.Contains(target, ":") {
			continue // a URL
		}
		file := document
		if target != "" {
			file = path.Join(path.Dir(document), target)
		}
		if file == ".." || strings.HasPrefix(file, "../") || path.IsAbs(file) {
			broken = append(broken, fmt.Sprintf("%s: %s leaves the repository", document, m[1]))
			continue
		}
		name := filepath.Join(root, filepath.FromSlash(file))
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			broken = append(broken, fmt.Sprintf("%s: %s does not exist", document, m[1]))
			continue
		}
		if fragment != "" && path.Ext(file) == ".md" && !hasHeading(name, fragment) {
			broken = append(broken, fmt.Sprintf("%s: %s has no such heading", document, m[1]))
		}
	}
	return broken, nil
}

func withoutCode(document string) string {
	return code.ReplaceAllString(fenced.ReplaceAllString(document, ""), "")
}

func hasHeading(name, fragment string) bool {
	data, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(string(data), ""), -1) {
		if slug(m[1]) == fragment {
			return true
		}
	}
	return false
}

// slug is the anchor that code hosts give to a heading.
func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}
