package workspace

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
)

// FuzzTarget is a fuzz function of a package.
type FuzzTarget struct {
	Dir  string // relative to the root
	Name string
}

// FuzzTargets finds all fuzz functions of the repository, in the order of their files.
func (w *Workspace) FuzzTargets() ([]FuzzTarget, error) {
	files, err := w.GoFiles()
	if err != nil {
		return nil, err
	}
	var targets []FuzzTarget
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), w.Abs(filepath.FromSlash(name)), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				targets = append(targets, FuzzTarget{Dir: path.Dir(name), Name: fn.Name.Name})
			}
		}
	}
	return targets, nil
}
