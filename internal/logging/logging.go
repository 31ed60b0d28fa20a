// Package logging writes messages as swtpm does: the deeper a message is
// indented, the higher the level at which it appears. A [Logger] is safe for
// concurrent use, and a nil one is silent.
package logging

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// Logger writes lines with a prefix, up to a level.
type Logger struct {
	mu     sync.Mutex
	w      io.Writer // messages
	errors io.Writer // messages about errors
	prefix string
	level  int
}

// Console is what a program without a log file writes to: errors to stderr, other
// messages to stdout.
func Console(stdout, stderr io.Writer, prefix string) *Logger {
	return ConsoleLevel(stdout, stderr, prefix, 1)
}

// ConsoleLevel is Console with a level.
func ConsoleLevel(stdout, stderr io.Writer, prefix string, level int) *Logger {
	return &Logger{w: stdout, errors: stderr, prefix: prefix, level: level}
}

// New writes everything to w. Level 1 is what people want to see, level 2 and
// above dump what travels on the channels.
func New(w io.Writer, prefix string, level int) *Logger {
	return &Logger{w: w, errors: w, prefix: prefix, level: level}
}

// Level is the level up to which messages are written.
func (l *Logger) Level() int {
	if l == nil {
		return 0
	}
	return l.level
}

// Printf writes a message of one or more lines. One that is indented by n spaces
// appears when the level is above n.
func (l *Logger) Printf(format string, args ...any) {
	if l != nil {
		l.print(l.w, fmt.Sprintf(format, args...))
	}
}

// Errorf writes a message about an error.
func (l *Logger) Errorf(format string, args ...any) {
	if l != nil {
		l.print(l.errors, fmt.Sprintf(format, args...))
	}
}

func (l *Logger) print(w io.Writer, text string) {
	text = strings.TrimSuffix(text, "\n")
	if indent(text) >= l.level {
		return
	}
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(l.prefix)
		b.WriteString(line)
		b.WriteByte('\n')
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	io.WriteString(w, b.String())
}

func indent(text string) int { return len(text) - len(strings.TrimLeft(text, " ")) }

// maxDump is how much of a message Dump shows.
const maxDump = 1024

// Dump writes the bytes of a message that travels on a channel, at level 2.
func (l *Logger) Dump(label string, msg []byte) {
	if l.Level() < 2 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, " %s: length %d\n", label, len(msg))
	msg = msg[:min(len(msg), maxDump)]
	for i, v := range msg {
		if i%16 == 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%02X ", v)
		if i%16 == 15 || i == len(msg)-1 {
			b.WriteByte('\n')
		}
	}
	l.Printf("%s", b.String())
}
