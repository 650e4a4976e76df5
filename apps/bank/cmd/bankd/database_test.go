package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A path that is mistyped makes no folders, whatever the command.
func TestFoldersAreNotMade(t *testing.T) {
	dir := t.TempDir()
	env := []string{"BANK_DATABASE=" + filepath.Join(dir, "dta", "bank.db"), "BANK_ADDRESS=192.0.2.1:1"} // where it could not listen
	for _, command := range []string{"serve", "demo", "migrate"} {
		if out, errs := runs(t, exitFailed, env, command); out != "" || !strings.Contains(errs, "BANK_DATABASE: the folder of the file does not exist") {
			t.Errorf("%s: %q, %q", command, out, errs)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Error(left, err)
	}
	cfg, err := parseConfig(env)
	if err != nil {
		t.Fatal(err)
	}
	err = cfg.makeFile()
	if wrong, ok := errors.AsType[*configError](err); !ok || wrong.variable != "BANK_DATABASE" || !errors.Is(err, errConfig) || !errors.Is(err, errNoFolder) {
		t.Error(err)
	}
}

// The default folder is made, and what is in it is nobody else's to read.
func TestFilesAreOfTheUserAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Setenv("XDG_DATA_HOME", data)
	t.Setenv("HOME", data)
	t.Setenv("AppData", data)
	cfg, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := openWith(t, "BANK_ADDRESS=127.0.0.1:0")
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	files, err := os.ReadDir(filepath.Dir(cfg.database))
	if err != nil || len(files) < 3 {
		t.Error(files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Dir(cfg.database)); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
	p.stop(exitOK)
}

// What is there already keeps its permissions: somebody chose them.
func TestPermissionsAreKept(t *testing.T) {
	database := filepath.Join(t.TempDir(), "bank.db")
	env := []string{"BANK_DATABASE=" + database}
	runs(t, exitOK, env, "migrate")
	if err := os.Chmod(database, 0o640); err != nil {
		t.Fatal(err)
	}
	runs(t, exitOK, env, "migrate")
	if info, err := os.Stat(database); err != nil || info.Mode().Perm() != fs.FileMode(0o640) {
		t.Error(info.Mode(), err)
	}
}
