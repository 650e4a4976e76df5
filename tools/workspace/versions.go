package workspace

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

// readVersions reads lines of a directory and a version; "-" stands for "never tagged" and becomes the empty string.
func readVersions(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseVersions(string(data))
}

func parseVersions(text string) (map[string]string, error) {
	versions := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("versions.txt:%d: want a directory and a version", n)
		}
		dir, version := fields[0], fields[1]
		if _, twice := versions[dir]; twice {
			return nil, fmt.Errorf("versions.txt:%d: %s is listed twice", n, dir)
		}
		switch {
		case version == "-":
			version = ""
		case semver.Canonical(version) != version:
			return nil, fmt.Errorf("versions.txt:%d: %s is not a version like v0.1.0", n, version)
		}
		versions[dir] = version
	}
	return versions, nil
}
