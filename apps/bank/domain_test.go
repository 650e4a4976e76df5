package bank_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDomainImportsNothingOfThePlatform: the rules of the bank can be read, tested and taken
// elsewhere without it.
func TestDomainImportsNothingOfThePlatform(t *testing.T) {
	self := goList(t, "-f", "{{.ImportPath}}", "./money") // whoever starts from this module renames it
	self = strings.TrimSuffix(self, "money")
	for _, c := range []struct {
		pkg     string
		allowed []string
	}{
		{"money", nil},
		{"account", []string{"money"}},
		{"transfer", []string{"money", "account"}},
	} {
		deps := strings.Fields(goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+c.pkg))
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

func goList(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
