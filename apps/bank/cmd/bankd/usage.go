package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
)

func usage(w io.Writer) {
	fmt.Fprint(w, "bankd is a bank, in an embedded database or on a PostgreSQL server.\n\n  bankd [command] [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s%s\n", c.name, c.help)
	}
	fmt.Fprintf(w, "  %-10s%s\n  %-10s%s\n\nIt is configured by its environment:\n\n", "version", "print which bankd this is", "help", "print this")
	for _, v := range variables {
		fmt.Fprintf(w, "  %s\n      %s\n      Default: %s\n", v.name, v.help, v.preset)
	}
}

// version returns what the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "bankd (unknown)"
	}
	text := "bankd " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && !strings.Contains(info.Main.Version, s.Value[:min(len(s.Value), 12)]) {
			text += " " + s.Value
		}
	}
	return text + " " + info.GoVersion
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }

// parseFlags parses args, of which nothing may be left. If ok is false the command is over, with
// that exit code: something is wrong, or the flags were asked for.
func parseFlags(fs *flag.FlagSet, args []string, stdout, stderr io.Writer) (code int, ok bool) {
	fs.SetOutput(io.Discard) // it would say less
	fs.Usage = func() {}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flagUsage(fs, stdout)
		return exitOK, false
	case err == nil && fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %.40q", fs.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "bankd %s: %v\n", fs.Name(), err)
		flagUsage(fs, stderr)
		return exitUsage, false
	}
	return exitOK, true
}

func flagUsage(fs *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "  bankd %s [flags]\n", fs.Name())
	fs.SetOutput(w)
	fs.PrintDefaults()
}

// between adds a flag for a whole number from least to most.
func between(fs *flag.FlagSet, name string, preset, least, most int, help string) *int {
	v := &bounded{preset, least, most}
	fs.Var(v, name, fmt.Sprintf("%s: a `number` from %d to %d", help, least, most))
	return &v.number
}

// bounded is the value of a flag.
type bounded struct{ number, least, most int }

func (b *bounded) String() string { return strconv.Itoa(b.number) }

func (b *bounded) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < b.least || n > b.most {
		return fmt.Errorf("it has to be a number from %d to %d", b.least, b.most)
	}
	b.number = n
	return nil
}
