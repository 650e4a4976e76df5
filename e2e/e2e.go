// Package e2e proves the platform on real processes.
package e2e
