package conffile

// SystemDir is where configuration files of the whole system are.
const SystemDir = `C:\ProgramData\swtpm`

// LocalStateDir is where programs keep their data.
const LocalStateDir = `C:\ProgramData\swtpm`
