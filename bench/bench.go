// Package bench measures the platform beside the raw driver and its peers.
package bench
