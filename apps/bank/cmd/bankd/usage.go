package main

import (
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

func usage(w io.Writer) {
	fmt.Fprint(w, "bankd is a bank on an embedded database.\n\n  bankd [command] [flags]\n\n")
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

// parseFlags parses args, of which nothing may be left.
func parseFlags(fs *flag.FlagSet, args []string, stderr io.Writer) bool {
	fs.SetOutput(stderr)
	if err := fs.Parse(args); err != nil {
		return false // it has been said on stderr
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "bankd %s: unexpected argument %.40q\n", fs.Name(), fs.Arg(0))
		return false
	}
	return true
}
