package bank_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const self = "github.com/eventsource-go/eventsource/apps/bank/"

// TestDomainImportsNothingOfThePlatform: the rules of the bank can be read, tested and taken
// elsewhere without it.
func TestDomainImportsNothingOfThePlatform(t *testing.T) {
	for _, c := range []struct {
		pkg     string
		allowed []string
	}{
		{"money", nil},
		{"account", []string{"money"}},
		{"transfer", []string{"money", "account"}},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+c.pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, self+c.pkg) {
			t.Errorf("%s is not among %v", c.pkg, deps)
		}
		for _, dep := range deps {
			if name, ours := strings.CutPrefix(dep, self); !ours || name != c.pkg && !slices.Contains(c.allowed, name) {
				t.Errorf("%s depends on %s", c.pkg, dep)
			}
		}
	}
}
