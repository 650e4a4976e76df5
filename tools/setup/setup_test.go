package setup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/setup"
)

var needed = []setup.Requirement{
	{Name: "a browser", Why: "pages", Any: []string{"chromium", "chrome"}, Apt: []string{"chromium"}},
	{Name: "a database", Why: "stores", Any: []string{"postgres"}, Apt: []string{"postgresql-15", "postgresql-client"}},
}

// computer is one with some commands, where apt-get brings what it is told to.
type computer struct {
	commands []string
	root     bool
	brings   map[string]string // package: command
	ran      []string
}

func (c *computer) machine() setup.Machine {
	return setup.Machine{
		Look: func(command string) (string, error) {
			if slices.Contains(c.commands, command) {
				return "/usr/bin/" + command, nil
			}
			return "", exec.ErrNotFound
		},
		Root: func() bool { return c.root },
		Run: func(_ context.Context, _ io.Writer, args ...string) error {
			c.ran = append(c.ran, strings.Join(args, " "))
			if args[len(args)-1] == "update" {
				return errors.New("no network") // and the lists are there already
			}
			for _, arg := range args {
				if command, ok := c.brings[arg]; ok {
					c.commands = append(c.commands, command)
				}
			}
			return nil
		},
	}
}

func TestEnsureInstallsWhatIsMissing(t *testing.T) {
	c := &computer{commands: []string{"apt-get", "chrome"}, root: true, brings: map[string]string{"postgresql-15": "postgres"}}
	if err := c.machine().Ensure(t.Context(), io.Discard, needed); err != nil {
		t.Fatal(err)
	}
	ran := fmt.Sprint(c.ran)
	if len(c.ran) != 2 || !strings.HasSuffix(c.ran[1], " install postgresql-15 postgresql-client") || strings.Contains(ran, "chromium") {
		t.Errorf("ran %q", c.ran)
	}
	c.ran = nil
	if err := c.machine().Ensure(t.Context(), io.Discard, needed); err != nil || len(c.ran) > 0 {
		t.Errorf("nothing is missing, and it ran %q, %v", c.ran, err)
	}
}

func TestEnsureSaysWhatToInstall(t *testing.T) {
	for name, c := range map[string]*computer{
		"not root":        {commands: []string{"apt-get"}},
		"no apt-get":      {root: true},
		"brings nothing":  {commands: []string{"apt-get"}, root: true},
		"brings only one": {commands: []string{"apt-get"}, root: true, brings: map[string]string{"chromium": "chromium"}},
	} {
		err := c.machine().Ensure(t.Context(), io.Discard, needed)
		if !errors.Is(err, setup.ErrMissing) || !strings.Contains(err.Error(), "apt-get install postgresql-15 postgresql-client") {
			t.Errorf("%s: %v", name, err)
		}
		if c.root && c.commands != nil && name != "brings nothing" && strings.Contains(err.Error(), "chromium") {
			t.Errorf("%s: the browser is there and named: %v", name, err)
		}
		if (!c.root || c.commands == nil) && len(c.ran) > 0 {
			t.Errorf("%s: ran %q", name, c.ran)
		}
	}
}
