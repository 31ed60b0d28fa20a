// Package repotest holds the rules of this repository as tests: which package may import which, what every package
// must say of itself, and what may not stand anywhere. A failing test names the rule and its reason. There is nothing
// to call here; start at rooms_test.go, the table of the packages and their arrows.
package repotest
