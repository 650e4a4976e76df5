package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

// ErrEnded reports a signal to a program that has ended.
var ErrEnded = errors.New("program has ended")

// Exit is how a program ended.
type Exit struct {
	Code   int            // its exit code; -1 if a signal ended it
	Signal syscall.Signal // the signal that ended it; 0 if none did
}

func (e Exit) String() string {
	if e.Signal != 0 {
		return e.Signal.String()
	}
	return "exit code " + strconv.Itoa(e.Code)
}

// life is a program from its start to its end.
type life struct {
	cmd  *exec.Cmd
	pid  int
	done chan struct{} // closed when the program has ended

	mu   sync.Mutex
	gone bool // the id may be another's
}

func startLife(cmd *exec.Cmd) (*life, error) {
	if err := keeper()(cmd); err != nil {
		return nil, err
	}
	l := &life{cmd: cmd, pid: cmd.Process.Pid, done: make(chan struct{})}
	go l.reap()
	return l, nil
}

// keeper returns the function that starts programs. Linux sends Pdeathsig when the thread that
// started a program ends, so they are all started by one that ends with the tests.
var keeper = sync.OnceValue(func() func(*exec.Cmd) error {
	commands, started := make(chan *exec.Cmd), make(chan error)
	go func() {
		runtime.LockOSThread()
		for cmd := range commands {
			started <- cmd.Start()
		}
	}()
	var mu sync.Mutex
	return func(cmd *exec.Cmd) error {
		mu.Lock()
		defer mu.Unlock()
		commands <- cmd
		return <-started
	}
})

// reap waits for the end, and ends what the program has left behind. Until then its id, which is
// also its group's, is no other's.
func (l *life) reap() {
	waitEnded(l.pid)
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = syscall.Kill(-l.pid, syscall.SIGKILL) // the error is that nothing is left
	_ = l.cmd.Wait()                          // how it ended is in ProcessState
	l.gone = true
	close(l.done)
}

// waitEnded returns when the child has ended, and leaves it to be waited for.
func waitEnded(pid int) {
	const (
		idIsPID      = 1
		exited       = 4
		leaveWaiting = 0x1000000
	)
	var info [128]byte
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, idIsPID, uintptr(pid), uintptr(unsafe.Pointer(&info)), exited|leaveWaiting, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

func (l *life) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// exit returns how the program has ended; it must have.
func (l *life) exit() Exit {
	status := l.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return Exit{Code: -1, Signal: status.Signal()}
	}
	return Exit{Code: status.ExitStatus()}
}

func (l *life) signal(sig syscall.Signal) error { return l.send(l.pid, sig) }

func (l *life) signalGroup(sig syscall.Signal) error { return l.send(-l.pid, sig) }

func (l *life) send(id int, sig syscall.Signal) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return ErrEnded
	}
	return syscall.Kill(id, sig)
}

// frozen returns nil if the process is stopped by a signal, and all its threads with it.
func frozen(pid int) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return Final(err)
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", pid, thread.Name()))
		if err != nil {
			return Final(err)
		}
		// The state follows the name, which stands in parentheses and may hold anything.
		if _, state, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')'):], []byte(" ")); !ok || state[0] != 'T' {
			return fmt.Errorf("thread %s is in state %c", thread.Name(), state[0])
		}
	}
	return nil
}
