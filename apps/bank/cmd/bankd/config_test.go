package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestConfig(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
	cfg, err := parseConfig([]string{"HOME=/x", "BANKRUPT=1"})
	if err != nil || !cfg.anyPort || cfg.address != defaultAddress || cfg.sync != sqlite.Full || cfg.shutdown != 20*time.Second || cfg.maxRequests != 256 || cfg.timeout != 20*time.Second {
		t.Errorf("%+v, %v", cfg, err)
	}
	for _, v := range cfg.shown {
		if v.Value.String() == "" {
			t.Errorf("%s is shown as nothing", v.Key)
		}
	}
	if !strings.HasSuffix(cfg.database, filepath.Join("eventsource-bank", "bank.db")) || !filepath.IsAbs(cfg.database) {
		t.Error(cfg.database)
	}
	cfg, err = parseConfig([]string{
		"BANK_DATABASE=/tmp/b.db", "BANK_SYNC=normal", "BANK_ADDRESS=:9000", "BANK_ACTOR_HEADER=X-User", "BANK_MAX_REQUESTS=7", "BANK_REQUEST_TIMEOUT=9s",
		"BANK_DRAIN_DELAY=1s", "BANK_SHUTDOWN=1m", "BANK_LOG=json", "BANK_LOG_LEVEL=debug",
	})
	if err != nil || cfg.database != "/tmp/b.db" || cfg.sync != sqlite.Normal || cfg.address != ":9000" || cfg.anyPort ||
		cfg.maxRequests != 7 || cfg.timeout != 9*time.Second || cfg.drainDelay != time.Second || cfg.shutdown != time.Minute || cfg.logFormat != "json" || cfg.logLevel >= 0 {
		t.Errorf("%+v, %v", cfg, err)
	}
}

// Each value that can't be used is refused by the name of its variable, and not repeated.
func TestBadConfig(t *testing.T) {
	bad := map[string][]string{
		"BANK_DATABASE":        {"a\x00b"},
		"BANK_SYNC":            {"off", "FULL"},
		"BANK_ADDRESS":         {"8080", "localhost", "a:b:c", "localhost:http", "localhost:65536", "localhost:-1"},
		"BANK_ACTOR_HEADER":    {"X User", "X:User", "é"},
		"BANK_MAX_REQUESTS":    {"0", "-1", "many", "1.5"},
		"BANK_REQUEST_TIMEOUT": {"20", "0s", "-1s"},
		"BANK_DRAIN_DELAY":     {"5", "-1s", "soon", "20s"},
		"BANK_SHUTDOWN":        {"20", "0s", "-1s"},
		"BANK_LOG":             {"xml"},
		"BANK_LOG_LEVEL":       {"loud"},
		"BANK_PASSWORD":        {"secret"}, // there is none
	}
	for name, values := range bad {
		for _, value := range append(values, "") {
			_, err := parseConfig([]string{name + "=" + value})
			wrong, ok := errors.AsType[*configError](err)
			if !ok || wrong.variable != name || !errors.Is(err, errConfig) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
			if len(value) > 3 && strings.Contains(strings.ReplaceAll(err.Error(), name, ""), value) {
				t.Errorf("%s: the value is repeated: %v", name, err)
			}
		}
	}
	for _, v := range variables {
		if bad[v.name] == nil {
			t.Errorf("%s is never wrong", v.name)
		}
	}
	_, err := parseConfig([]string{"BANK_LOG=x", "BANK_SYNC=x"})
	if text := fmt.Sprint(err); !strings.Contains(text, "BANK_LOG") || !strings.Contains(text, "BANK_SYNC") {
		t.Error("not all that is wrong:", err)
	}
	if _, errs := runs(t, exitUsage, []string{"BANK_LOG=xml"}); !strings.Contains(errs, "BANK_LOG: it has to be text or json\n") {
		t.Error(errs)
	}
	for entry, want := range map[string]string{
		"BANK_SYNC=off": "BANK_SYNC: it has to be full or normal", "BANK_LOG_LEVEL=loud": "BANK_LOG_LEVEL: it has to be debug, info, warn or error",
		"BANK_PASSWORD=x": `BANK_PASSWORD: there is no such variable; "bankd help" lists them`,
	} {
		if _, err := parseConfig([]string{entry}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

func TestActor(t *testing.T) {
	r := &http.Request{Header: http.Header{"X-User": {"ann"}}}
	if got := (config{}).actor("api")(r); got != "api" {
		t.Error(got)
	}
	cfg := config{actorHeader: "X-User"}
	if got := cfg.actor("api")(r); got != "ann" {
		t.Error(got)
	}
	for _, bad := range []string{"", strings.Repeat("x", 201), "\xff"} {
		r.Header.Set("X-User", bad)
		if got := cfg.actor("api")(r); got != "api" {
			t.Errorf("%q is %q", bad, got)
		}
	}
}

func TestClickable(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1:80": "127.0.0.1:80", "0.0.0.0:80": "localhost:80", "[::]:80": "localhost:80", "[::1]:80": "[::1]:80"} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := clickable(tcp); got != want {
			t.Errorf("%s is %s", addr, got)
		}
	}
}

// The table in the README is that of the program.
func TestReadmeTellsOfEveryVariable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", v.name, v.preset, v.help); !strings.Contains(string(readme), row) {
			t.Errorf("the README lacks\n%s", row)
		}
	}
	if n := strings.Count(string(readme), "| `BANK_"); n != len(variables) {
		t.Errorf("the README has %d variables, the program %d", n, len(variables))
	}
}
