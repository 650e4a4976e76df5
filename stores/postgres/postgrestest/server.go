// Package postgrestest gives tests a real PostgreSQL: one server for a test binary, as production
// would run it (fsync on), and a database of its own for each test that asks. The programs of the
// server must be installed; with POSTGRES_URL set, tests use the server that it leads to.
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }
package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server on a free port of the loopback interface, with a data directory
// of its own, run by a user who is not root.
type Server struct {
	URL string // of the database postgres, by its superuser

	dir     string
	port    int
	run     runAs
	process *os.Process
	exited  chan struct{}
}

// Start initializes a data directory and starts a server on it. It returns when the server
// accepts connections. Settings are of the form "name=value", on top of the server's own.
func Start(ctx context.Context, settings ...string) (*Server, error) {
	return start(ctx, "initdb", []string{"-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"}, settings)
}

// Standby copies the server, and starts the copy as a standby that follows it.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	return start(ctx, "pg_basebackup", []string{"-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "postgres", "-R", "--checkpoint=fast", "--no-sync"}, nil)
}

// start has a program make the data, and starts a server on them.
func start(ctx context.Context, maker string, args, settings []string) (s *Server, err error) {
	s = &Server{}
	if s.run, err = newRunAs(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "es-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Remove())
		}
	}()
	if err = s.run.give(s.dir); err != nil {
		return nil, err
	}
	path, err := program(maker)
	if err != nil {
		return nil, err
	}
	cmd := s.run.command(ctx, path, append(args, "-D", s.data())...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", maker, err, out)
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	s.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	return s, s.Restart(ctx, settings...)
}

// Restart starts the server on the same data and port, after Stop or Kill.
func (s *Server) Restart(ctx context.Context, settings ...string) error {
	path, err := program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=300", "-c", "max_prepared_transactions=20", "-c", "shared_buffers=64MB"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	var log bytes.Buffer
	cmd := s.run.command(context.WithoutCancel(ctx), path, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = time.Second
	if s.exited, err = launch(cmd); err != nil {
		return err
	}
	s.process = cmd.Process
	return accepts(ctx, s.URL, s.exited, &log)
}

// accepts waits until a server accepts connections, or has ended and left a log.
func accepts(ctx context.Context, url string, exited <-chan struct{}, log *bytes.Buffer) error {
	for deadline := time.Now().Add(60 * time.Second); ; {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-exited:
			return fmt.Errorf("the server has ended:\n%s", log)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server does not accept connections: %w", err)
		}
	}
}

// launch starts a program that ends with this one, and returns what is closed when it has ended.
func launch(cmd *exec.Cmd) (exited chan struct{}, err error) {
	exited = make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Linux sends Pdeathsig when the thread ends that started the program
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if started <- err; err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	return exited, <-started
}

// Stop shuts the server down, fast but in order, and waits for its end.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

// Kill ends the server as a power failure would, its children included.
func (s *Server) Kill() error { return s.end(syscall.SIGQUIT) }

func (s *Server) end(sig os.Signal) error {
	if s.process == nil {
		return nil
	}
	err := s.process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-s.exited
	s.process = nil
	return err
}

// Remove stops the server, if it runs, and removes its data.
func (s *Server) Remove() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// program finds a program of the server, which Debian does not put into the PATH.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/"} {
		if paths, err := filepath.Glob(pattern + name); err == nil && len(paths) > 0 {
			return paths[len(paths)-1], nil
		}
	}
	return "", fmt.Errorf("no %s in the PATH, under /usr/lib/postgresql or in /usr/sbin (Debian: apt-get install postgresql pgbouncer)", name)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// runAs is who runs the server: whoever runs the tests, or postgres if that is root, whom
// PostgreSQL refuses.
type runAs struct{ uid, gid int }

func newRunAs() (runAs, error) {
	if os.Geteuid() != 0 {
		return runAs{os.Geteuid(), os.Getegid()}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return runAs{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return runAs{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return runAs{uid, gid}, err
}

func (r runAs) give(dir string) error { return os.Chown(dir, r.uid, r.gid) }

func (r runAs) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(r.uid), Gid: uint32(r.gid)}
	}
	return cmd
}

// databaseURL returns base with another database.
func databaseURL(base, name string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", errors.New("POSTGRES_URL is no URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}
