package postgrestest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// KillHard ends the server and its children with SIGKILL, none of which can do anything about it,
// and returns when they are gone.
func (s *Server) KillHard() error {
	children, err := s.signalAll(syscall.SIGSTOP) // so that none is started meanwhile
	if err != nil {
		return err
	}
	for _, child := range children {
		err = errors.Join(err, child.signal(syscall.SIGKILL))
	}
	err = errors.Join(err, s.end(syscall.SIGKILL))
	for _, child := range children {
		err = errors.Join(err, child.gone())
	}
	return err
}

// KillBackend ends the process behind one connection with SIGKILL. The server ends all others then,
// recovers, and goes on under the same process id.
func (s *Server) KillBackend(conn *pgconn.PgConn) error {
	return syscall.Kill(int(conn.PID()), syscall.SIGKILL)
}

// Freeze stops the server and its children in the middle of whatever they do, until Thaw.
// Connections stay, and nobody answers.
func (s *Server) Freeze() error {
	_, err := s.signalAll(syscall.SIGSTOP)
	return err
}

// Thaw has a frozen server go on.
func (s *Server) Thaw() error {
	_, err := s.signalAll(syscall.SIGCONT)
	return err
}

// signalAll sends a signal to the server, then to its children, which are in process groups of
// their own, and returns these. If it is SIGSTOP, the server starts no others from then on.
func (s *Server) signalAll(sig syscall.Signal) ([]child, error) {
	if s.process == nil {
		return nil, errors.New("the server does not run")
	}
	if err := s.process.Signal(sig); err != nil {
		return nil, err
	}
	if sig == syscall.SIGSTOP {
		if err := stopped(s.process.Pid); err != nil {
			return nil, err
		}
	}
	children, err := childrenOf(s.process.Pid)
	for _, child := range children {
		err = errors.Join(err, child.signal(sig))
	}
	return children, err
}

// child is a process that the server started.
type child struct {
	pid   int
	began string // in ticks since the machine started: another process of this number began later
}

func (c child) signal(sig syscall.Signal) error {
	if err := syscall.Kill(c.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("process %d: %w", c.pid, err)
	}
	return nil
}

// gone returns when the process has ended.
func (c child) gone() error {
	return become(c.pid, "end", func(now stat, err error) bool { return err != nil || now.began != c.began || now.state == "Z" })
}

// stopped returns when the process, which was told to stop, has done so.
func stopped(pid int) error {
	return become(pid, "stop", func(now stat, err error) bool { return err != nil || now.state == "T" || now.state == "Z" })
}

func become(pid int, what string, is func(stat, error) bool) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if is(readStat(pid)) {
			return nil
		}
	}
	return fmt.Errorf("process %d does not %s", pid, what)
}

func childrenOf(parent int) ([]child, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var children []child
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if st, err := readStat(pid); err == nil && st.parent == parent {
			children = append(children, child{pid, st.began})
		}
	}
	return children, nil
}

// stat is what Linux says about a process.
type stat struct {
	state  string
	parent int
	began  string
}

func readStat(pid int) (st stat, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return st, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // the name before may hold anything
	if len(fields) < 20 {
		return st, fmt.Errorf("process %d: malformed stat", pid)
	}
	st.state, st.began = fields[0], fields[19]
	st.parent, err = strconv.Atoi(fields[1])
	return st, err
}
