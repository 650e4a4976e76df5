package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// config is what the environment says.
type config struct {
	database    string
	ownFolder   bool // the database is where we put it, in a folder that is ours to make
	sync        sqlite.Synchronous
	address     string
	anyPort     bool // the address is our own choice, and another port will do
	actorHeader string
	maxRequests int
	timeout     time.Duration // of a request
	drainDelay  time.Duration
	shutdown    time.Duration
	logFormat   string
	logLevel    slog.Level

	shown []slog.Attr // each variable, and what it is, fit to be seen
}

// variable is one setting. What is not set here is not configurable.
type variable struct {
	name, help string
	preset     string // what it is if it is not set, in words or as a value
	value      func() (string, error)
	set        func(*config, string) error
}

const defaultAddress = "127.0.0.1:8080"

func always(value string) func() (string, error) { return func() (string, error) { return value, nil } }

var variables = []variable{
	{
		"BANK_DATABASE", `The SQLite file, in a folder that exists; ":memory:" keeps nothing. Or a PostgreSQL database, as postgres://user:password@host/name.`,
		"bank.db in eventsource-bank in the user's data directory", defaultDatabase,
		func(cfg *config, v string) error { cfg.database = v; return database.CheckAddress(v) },
	},
	{
		"BANK_SYNC", "What an acknowledged write to a SQLite file survives: full, a power failure; normal, a killed process. PostgreSQL decides for itself.",
		"full", always("full"),
		func(cfg *config, v string) error {
			return oneOf(v, &cfg.sync, choice[sqlite.Synchronous]{"full", sqlite.Full}, choice[sqlite.Synchronous]{"normal", sqlite.Normal})
		},
	},
	{
		"BANK_ADDRESS", "Where to listen, as host:port.",
		defaultAddress + ", or another port there if that one is taken", always(""),
		func(cfg *config, v string) error {
			if v == "" {
				cfg.address, cfg.anyPort = defaultAddress, true
				return nil
			}
			cfg.address = v
			return validAddress(v)
		},
	},
	{
		"BANK_ACTOR_HEADER", "The header in which a proxy that everybody comes through says who makes a request, for the audit trail.",
		"none: requests are made by \"api\" and \"web\"", always(""),
		func(cfg *config, v string) error { cfg.actorHeader = v; return validHeader(v) },
	},
	{
		"BANK_MAX_REQUESTS", "How many requests are worked on at once.",
		"256", always("256"),
		func(cfg *config, v string) (err error) {
			if cfg.maxRequests, err = strconv.Atoi(v); err != nil || cfg.maxRequests < 1 {
				return errors.New("not a whole number above 0")
			}
			return nil
		},
	},
	{
		"BANK_REQUEST_TIMEOUT", "When a request is given up that the database has not answered, as a duration.",
		"20s", always("20s"),
		func(cfg *config, v string) error {
			if err := duration(v, &cfg.timeout); err != nil || cfg.timeout > 0 {
				return err
			}
			return errNoTime
		},
	},
	{
		"BANK_DRAIN_DELAY", "How long requests are still taken after /readyz has begun to say no, as a duration.",
		"0s", always("0s"),
		func(cfg *config, v string) error { return duration(v, &cfg.drainDelay) },
	},
	{
		"BANK_SHUTDOWN", "How long everything under way may take when the bank closes, the drain delay included, as a duration.",
		"20s", always("20s"),
		func(cfg *config, v string) error {
			if err := duration(v, &cfg.shutdown); err != nil || cfg.shutdown > 0 {
				return err
			}
			return errNoTime
		},
	},
	{
		"BANK_LOG", "The form of the log on standard error: text or json.",
		"text", always("text"),
		func(cfg *config, v string) error {
			return oneOf(v, &cfg.logFormat, choice[string]{"text", "text"}, choice[string]{"json", "json"})
		},
	},
	{
		"BANK_LOG_LEVEL", "The least that is logged: debug, info, warn or error.",
		"info", always("info"),
		func(cfg *config, v string) error {
			return oneOf(v, &cfg.logLevel,
				choice[slog.Level]{"debug", slog.LevelDebug}, choice[slog.Level]{"info", slog.LevelInfo},
				choice[slog.Level]{"warn", slog.LevelWarn}, choice[slog.Level]{"error", slog.LevelError},
			)
		},
	},
}

// errNoTime is why a duration can't be used that has to be one.
var errNoTime = errors.New("no time at all")

// errConfig is matched by every configError.
var errConfig = errors.New("bad configuration")

// configError reports a variable that can't be used. It does not repeat the value, which may be
// a secret.
type configError struct {
	variable string
	reason   error
}

func (e *configError) Error() string { return fmt.Sprintf("%s: %v", e.variable, e.reason) }

func (e *configError) Is(target error) bool { return target == errConfig }

func (e *configError) Unwrap() error { return e.reason }

// errSyncOnServer is why BANK_SYNC can't be used with a server: it would do nothing.
var errSyncOnServer = errors.New("it is for a SQLite file; on PostgreSQL the setting synchronous_commit of the server, the user or the database decides")

// parseConfig reads environ, and returns all that is wrong with it. A variable that begins with
// BANK_ and is none of ours is wrong too: it was meant for something.
func parseConfig(environ []string) (config, error) {
	values := make(map[string]string)
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "BANK_") {
			continue
		}
		if !slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }) {
			errs = append(errs, &configError{name, errors.New(`there is no such variable; "bankd help" lists them`)})
		}
		values[name] = value
	}
	_, chosen := values["BANK_DATABASE"]
	cfg := config{ownFolder: !chosen}
	for _, v := range variables {
		value, isSet := values[v.name]
		var err error
		switch {
		case isSet && value == "":
			err = errors.New("set, and empty")
		case !isSet:
			value, err = v.value()
		}
		if err == nil {
			err = v.set(&cfg, value)
		}
		if err != nil {
			errs = append(errs, &configError{v.name, err})
		}
		switch {
		case value == "":
			value = v.preset
		case v.name == "BANK_SYNC" && !isSet && database.OnServer(cfg.database):
			value = "as the server has it"
		}
		cfg.shown = append(cfg.shown, slog.String(v.name, database.Redacted(value)))
	}
	if _, isSet := values["BANK_SYNC"]; isSet && database.OnServer(cfg.database) {
		errs = append(errs, &configError{"BANK_SYNC", errSyncOnServer})
	}
	if cfg.drainDelay >= cfg.shutdown && cfg.shutdown > 0 {
		errs = append(errs, &configError{"BANK_DRAIN_DELAY", errors.New("leaves nothing of BANK_SHUTDOWN")})
	}
	return cfg, errors.Join(errs...)
}

// choice is one of the few values that a variable may have.
type choice[T any] struct {
	name  string
	value T
}

// oneOf sets to to the choice with the name v, of which there are two or more.
func oneOf[T any](v string, to *T, choices ...choice[T]) error {
	names := make([]string, len(choices))
	for i, c := range choices {
		if names[i] = c.name; c.name == v {
			*to = c.value
			return nil
		}
	}
	last := len(names) - 1
	return fmt.Errorf("it has to be %s or %s", strings.Join(names[:last], ", "), names[last])
}

func duration(v string, to *time.Duration) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return errors.New("not a duration such as 1m30s")
	}
	*to = d
	return nil
}

func validAddress(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return errors.New("not host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return errors.New("no port from 0 to 65535")
	}
	return nil
}

func validHeader(v string) error {
	for _, c := range v {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return errors.New("not the name of a header")
		}
	}
	return nil
}

// logger returns the log that the configuration asks for.
func (cfg config) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.logLevel}
	if cfg.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
