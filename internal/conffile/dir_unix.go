//go:build !windows

package conffile

// SystemDir is where configuration files of the whole system are.
const SystemDir = "/etc"

// LocalStateDir is where programs keep their data.
const LocalStateDir = "/var"
