/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROCINFO_H
#define KUKEON_PROCINFO_H

#include "err.h"

int pidfd_open_(pid_t pid); /* -errno; CLOEXEC by nature */
int pidfd_signal(int pidfd, int sig); /* 0 or -errno */

/* Wait until the process has ended. 1 ended, 0 timeout, -errno. Works for any process. */
int pidfd_wait(int pidfd, int timeout_ms);

/*
 * Exit status (as of waitpid) of a process that has ended, by PIDFD_GET_INFO (kernel
 * 6.15 and up). Also works after another process reaped it, if pidfd was opened before.
 * -EAGAIN while it runs or has not been reaped, -EOPNOTSUPP on older kernels.
 */
int pidfd_exit_status(int pidfd, int *ret_status);

/*
 * Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat,
 * proc(5)). Together with the pid it identifies a process.
 */
int proc_start_time(pid_t pid, uint64_t *ret);

/* A pidfd of the process with this pid and start time; -ESRCH if it has ended, also as a zombie. */
int proc_open_same(pid_t pid, uint64_t start_time);

/* "SIGKILL"; "SIGRTMIN+3" style for the others; NULL when out of range. buf has 16 bytes. */
const char *signal_name(int sig, char *buf, size_t size);

/* From "SIGTERM", "TERM" or "15"; -EINVAL. */
int signal_from_name(const char *s);

/* The running boot, from /proc/sys/kernel/random/boot_id; 36 characters and NUL. */
int boot_id(char ret[37], struct kerr *err);

/* The folder of the running program; owned by the caller. */
int self_exe_dir(char **ret, struct kerr *err);

#endif
