// Package docs keeps what the documents say true: code in them is copied from tested examples, and their links lead
// somewhere.
package docs

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Quote returns the part of a Go file that a document quotes. Without names it is all that follows the imports. With
// names it is these declarations, in the order given: a function, Type.Method, or whatever type, variable or constant
// has the name, together with the group it is declared in. Of an Example it is the body alone. The name main is the whole
// file as the program that it would be: its Example is func main.
func Quote(file string, names []string) (string, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	if len(names) == 0 {
		start := at(parsed.Name.End())
		for _, decl := range parsed.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.IMPORT {
				start = at(gen.End())
			}
		}
		return strings.TrimSpace(string(src[start:])) + "\n", nil
	}
	if slices.Equal(names, []string{"main"}) {
		example, ok := find(parsed, "Example").(*ast.FuncDecl)
		if !ok {
			return "", fmt.Errorf("%s: no Example to be main", filepath.Base(file))
		}
		name := example.Name
		return "package main" + string(src[at(parsed.Name.End()):at(name.Pos())]) + "main" + string(src[at(name.End()):]), nil
	}
	var parts []string
	var seen []ast.Decl
	for _, name := range names {
		decl := find(parsed, name)
		if decl == nil {
			return "", fmt.Errorf("%s: no declaration of %s", filepath.Base(file), name)
		}
		if slices.Contains(seen, decl) {
			continue
		}
		seen = append(seen, decl)
		if fn, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(name, "Example") {
			parts = append(parts, dedent(src[at(fn.Body.Lbrace)+1:at(fn.Body.Rbrace)]))
			continue
		}
		parts = append(parts, string(src[at(start(decl)):at(decl.End())])+"\n")
	}
	return strings.Join(parts, "\n"), nil
}

func find(file *ast.File, name string) ast.Decl {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if name == decl.Name.Name && decl.Recv == nil || decl.Recv != nil && name == receiver(decl)+"."+decl.Name.Name {
				return decl
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.Name == name {
						return decl
					}
				case *ast.ValueSpec:
					if slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == name }) {
						return decl
					}
				}
			}
		}
	}
	return nil
}

func receiver(fn *ast.FuncDecl) string {
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func start(decl ast.Decl) token.Pos {
	var doc *ast.CommentGroup
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		doc = decl.Doc
	case *ast.GenDecl:
		doc = decl.Doc
	}
	if doc != nil {
		return doc.Pos()
	}
	return decl.Pos()
}

// dedent takes the body of a function one level to the left.
func dedent(body []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(bytes.Trim(body, "\n")) {
		b.Write(bytes.TrimPrefix(line, []byte("\t")))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
