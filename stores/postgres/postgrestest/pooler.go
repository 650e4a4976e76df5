package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Pooler is a PgBouncer on a free port of the loopback interface, run by a user who is not root.
type Pooler struct {
	dir    string
	port   int
	signal func(os.Signal) error
	exited chan struct{}
	log    bytes.Buffer
}

// StartPooler starts a pooler in transaction mode before the server that a URL leads to, for all
// its databases. It returns when it accepts connections. Settings are of the form "name=value",
// as in pgbouncer.ini, and come after the pooler's own. It takes connections of the URL's user.
func StartPooler(ctx context.Context, to string, settings ...string) (p *Pooler, err error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, errors.New("the server's URL is no URL")
	}
	p = &Pooler{}
	run, err := newRunAs()
	if err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "es-pgbouncer-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Remove())
		}
	}()
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	ini := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%d\nunix_socket_dir=\nauth_type=trust\n"+
		"auth_file=%s\npool_mode=transaction\nmax_client_conn=500\ndefault_pool_size=20\nserver_idle_timeout=10\n",
		u.Hostname(), u.Port(), p.port, filepath.Join(p.dir, "users"))
	for _, setting := range settings {
		ini += setting + "\n"
	}
	password, _ := u.User.Password()
	users := fmt.Sprintf("%q %q\n", u.User.Username(), password)
	for name, text := range map[string]string{"ini": ini, "users": users} {
		path := filepath.Join(p.dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), run.give(path)); err != nil {
			return nil, err
		}
	}
	if err := run.give(p.dir); err != nil {
		return nil, err
	}
	path, err := program("pgbouncer")
	if err != nil {
		return nil, err
	}
	cmd := run.command(context.WithoutCancel(ctx), path, filepath.Join(p.dir, "ini"))
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &p.log, &p.log, time.Second
	if p.exited, err = launch(cmd); err != nil {
		return nil, err
	}
	p.signal = cmd.Process.Signal
	at, err := p.URL(to)
	if err != nil {
		return nil, err
	}
	return p, accepts(ctx, at, p.exited, &p.log)
}

// URL returns what leads to the same database as a URL of the server, through the pooler.
func (p *Pooler) URL(of string) (string, error) {
	u, err := url.Parse(of)
	if err != nil {
		return "", errors.New("the server's URL is no URL")
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d", p.port)
	return u.String(), nil
}

// Remove stops the pooler at once, and removes its files.
func (p *Pooler) Remove() error {
	var err error
	if p.signal != nil {
		if err = p.signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			err = nil
		}
		<-p.exited
		p.signal = nil
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
