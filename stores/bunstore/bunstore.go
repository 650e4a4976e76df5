// Package bunstore holds what the SQL stores share, on bun.
package bunstore
