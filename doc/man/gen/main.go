// Command gen writes the manual pages in doc/man from what the programs print as their help, so that the two cannot differ, and from
// what pages.go adds. Run it in the top directory: go run ./doc/man/gen
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := filepath.Join("doc", "man")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	for _, p := range pages() {
		if err := os.WriteFile(filepath.Join(dir, p.file()), []byte(p.write()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
