package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// StartIn is [Start] with the data in a folder that lasts: it is made if it is not there, and the
// next server that starts in it has what this one had. Such a server is stopped; Remove removes the
// folder, too. If root runs this, the user postgres has to be able to get there.
func StartIn(ctx context.Context, dir string, settings ...string) (s *Server, err error) {
	s = &Server{}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if s.run, err = newRunAs(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	if err := s.run.give(s.dir); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); errors.Is(err, fs.ErrNotExist) {
		path, err := program("initdb")
		if err != nil {
			return nil, err
		}
		cmd := s.run.command(ctx, path, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "-D", s.data())
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("initdb in %s: %w\n%s", s.dir, err, out)
		}
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	s.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	return s, s.Restart(ctx, settings...)
}
