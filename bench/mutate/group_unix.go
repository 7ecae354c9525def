//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// group makes c the head of a group of processes: the end of its time is that of its children.
func group(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}

// limited is a program that gets no more than some GiB of memory: a change may ask for all there is.
func limited(program string, args []string) (string, []string) {
	return "/bin/sh", append([]string{"-c", `ulimit -v 12582912; exec "$0" "$@"`, program}, args...)
}
