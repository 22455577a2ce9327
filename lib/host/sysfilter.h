/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSFILTER_H
#define KUKEON_SYSFILTER_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * A seccomp profile as in the OCI runtime specification (config-linux, "seccomp"), with
 * names; the strings and arrays are borrowed. A rule applies to each of its names if
 * all args match; two args for the same index are treated as two rules, as the runtimes
 * do.
 */
enum sysfilter_action {
	SYSFILTER_KILL = 1, /* the thread */
	SYSFILTER_KILL_PROCESS,
	SYSFILTER_TRAP,
	SYSFILTER_ERRNO,
	SYSFILTER_TRACE,
	SYSFILTER_ALLOW,
	SYSFILTER_LOG,
	_SYSFILTER_ACTION_MAX,
};

enum sysfilter_op {
	SYSFILTER_NE = 1,
	SYSFILTER_LT,
	SYSFILTER_LE,
	SYSFILTER_EQ,
	SYSFILTER_GE,
	SYSFILTER_GT,
	SYSFILTER_MASKED_EQ, /* (arg & value) == value2 */
	_SYSFILTER_OP_MAX,
};

enum {
	SYSFILTER_ARGS = 6, /* of a system call */
	SYSFILTER_ERRNO_MAX = 4095,
};

struct sysfilter_errno {
	bool set; /* false: EPERM */
	unsigned v;
};

struct sysfilter_arg {
	unsigned index;
	enum sysfilter_op op;
	uint64_t value;
	uint64_t value2;
};

struct sysfilter_rule {
	const char *const *names; /* ends with NULL */
	enum sysfilter_action action;
	struct sysfilter_errno errno_ret; /* for ERRNO and TRACE */
	const struct sysfilter_arg *args;
	size_t n_args;
};

struct sysfilter_profile {
	enum sysfilter_action action; /* for calls without a rule */
	struct sysfilter_errno errno_ret;
	const char *const *archs; /* "SCMP_ARCH_X86_64", …, NULL; in addition to the native one */
	const char *const *flags; /* "SECCOMP_FILTER_FLAG_LOG", …, NULL */
	const struct sysfilter_rule *rules;
	size_t n_rules;
};

/*
 * Compile a profile to classic BPF, the same program that the runtimes install: an
 * array of struct sock_filter, appended to ret. Unknown system call names are skipped.
 */
int sysfilter_compile(const struct sysfilter_profile *p, struct buf *ret, struct kerr *err);

/*
 * Install such a program, read from fd, in this process; it cannot be removed. Needs
 * CAP_SYS_ADMIN or no_new_privs, which is not set here: a process that joins a
 * container must apply its settings in the same order as the runtime.
 */
int sysfilter_load(int fd, struct kerr *err);

/*
 * Install a profile in this process; it cannot be removed and survives exec. A system
 * call of a foreign architecture kills the process. no_new_privs is set.
 */
int sysfilter_enforce(const struct sysfilter_profile *p, struct kerr *err);

bool sysfilter_knows_arch(const char *name); /* "SCMP_ARCH_ARM" */

/*
 * System calls to deny in programs that read hostile input: mounts, namespaces,
 * sockets, exec, modules, bpf, …
 */
extern const char *const sysfilter_hostile_input[];
extern const size_t sysfilter_hostile_input_n;

#endif
