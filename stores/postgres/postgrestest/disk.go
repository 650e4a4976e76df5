package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// LimitFiles has the sessions that begin from now on write no file beyond so many bytes; 0 lifts
// the limit. With a number that is no multiple of a page, a file that would grow beyond is
// written in part, which is a full disk to the server: tables fill it, one by one. Less than the
// 16 MiB of a segment of its log would end it.
func (s *Server) LimitFiles(ctx context.Context, bytes int64) error {
	if s.process == nil {
		return errors.New("the server does not run")
	}
	limit := "unlimited"
	if bytes > 0 {
		limit = strconv.FormatInt(bytes, 10)
	}
	path, err := program("prlimit")
	if err != nil {
		return err
	}
	// Whoever runs the server may change its limits, and root perhaps not.
	out, err := s.run.command(ctx, path, "--pid", strconv.Itoa(s.process.Pid), "--fsize="+limit+":unlimited").CombinedOutput()
	if err != nil {
		return fmt.Errorf("prlimit: %w\n%s", err, out)
	}
	return nil
}
