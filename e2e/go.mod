module github.com/eventsource-go/eventsource/e2e

go 1.26.0

require (
	github.com/eventsource-go/eventsource/core v0.1.0
	github.com/eventsource-go/eventsource/stores/sqlite v0.1.0
	github.com/google/uuid v1.6.0
	github.com/uptrace/bun v1.3.0
)

require (
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/eventsource-go/eventsource/stores/bunstore v0.1.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/jinzhu/inflection v1.0.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/puzpuzpuz/xsync/v3 v3.5.1 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/tmthrgd/go-hex v0.0.0-20190904060850-447a3041c3bc // indirect
	github.com/uptrace/bun/dialect/sqlitedialect v1.3.0 // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	modernc.org/libc v1.80.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
	modernc.org/sqlite v1.62.0 // indirect
)

replace (
	github.com/eventsource-go/eventsource/core => ../core
	github.com/eventsource-go/eventsource/stores/bunstore => ../stores/bunstore
	github.com/eventsource-go/eventsource/stores/sqlite => ../stores/sqlite
)

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
)
