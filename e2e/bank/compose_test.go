package bank_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

var (
	commandLine = regexp.MustCompile(`(?m)^ +command: \[postgres, (.*)\]$`)
	portLine    = regexp.MustCompile(`(?m)^ +ports: \[(.*)\]$`)
)

// A server takes the settings that compose.yaml gives it, and the bank finds that nothing it
// acknowledges there is lost. Nobody but this machine reaches the server, and no password is written down.
func TestComposedServer(t *testing.T) {
	file, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	command, ports := commandLine.FindSubmatch(file), portLine.FindSubmatch(file)
	if command == nil || ports == nil {
		t.Fatal("no command, or no ports")
	}
	if !strings.HasPrefix(string(ports[1]), `"127.0.0.1:`) || !strings.Contains(string(file), "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?") {
		t.Errorf("%s", file)
	}
	var settings []string
	for word := range strings.SplitSeq(string(command[1]), ", ") {
		if word != "-c" {
			settings = append(settings, word)
		}
	}
	server, err := postgrestest.Start(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	}()
	b := &bankd{}
	b.Process = supervisor.Start(t, supervisor.Spec{
		Name: "bankd", Path: supervisor.Build(t, bankdPackage), Ready: b.ready, Env: []string{"BANK_DATABASE=" + server.URL, "BANK_ADDRESS=127.0.0.1:0"},
	})
	if b.Stderr().Find(regexp.MustCompile(`acknowledged_survives="a killed server process and a power failure"`)) == nil {
		t.Errorf("not with %q", settings)
	}
	stop(t, b)
}
