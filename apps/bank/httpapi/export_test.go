package httpapi

// Patterns returns every operation.
func Patterns() (all []string) {
	for _, rt := range routes {
		all = append(all, rt.method+" "+rt.path)
	}
	return all
}
