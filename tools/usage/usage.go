// Package usage makes a program's -h name the task by which people call it. The go command builds these programs in a
// folder of its own, whose path says nothing to anybody.
package usage

import (
	"flag"
	"fmt"
	"strings"
)

// Set lets flags explain how to call the task: with its flags, and with args. does is what then happens.
func Set(flags *flag.FlagSet, task, args, does string) {
	flags.Usage = func() {
		line := []string{"./task", task}
		flags.VisitAll(func(f *flag.Flag) {
			option := "-" + f.Name
			if value, _ := flag.UnquoteUsage(f); value != "" {
				option += " " + strings.ToUpper(value)
			}
			line = append(line, "["+option+"]")
		})
		hasFlags := len(line) > 2
		if args != "" {
			line = append(line, args)
		}
		fmt.Fprintf(flags.Output(), "Usage: %s\n\n%s\n", strings.Join(line, " "), does)
		if hasFlags {
			fmt.Fprintln(flags.Output(), "\nFlags:")
			flags.PrintDefaults()
		}
	}
}

// Parse parses the program's own flags, after [Set]. It returns false if args is empty, and there is an argument all the
// same: who gave it has been told.
func Parse(task, args, does string) bool {
	Set(flag.CommandLine, task, args, does)
	flag.Parse()
	if args != "" || flag.NArg() == 0 {
		return true
	}
	fmt.Fprintf(flag.CommandLine.Output(), "unexpected argument: %s\n", flag.Arg(0))
	flag.CommandLine.Usage()
	return false
}
