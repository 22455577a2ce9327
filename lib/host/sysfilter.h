/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSFILTER_H
#define KUKEON_SYSFILTER_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * A seccomp profile as the OCI runtime spec has it, by names; what it is made of
 * is borrowed. A rule holds for each of its names, when all of its args do; two
 * args about the same index are taken as two rules, as the runtimes do.
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
	const char *const *archs; /* "SCMP_ARCH_X86_64", …, NULL; besides the native one */
	const char *const *flags; /* "SECCOMP_FILTER_FLAG_LOG", …, NULL */
	const struct sysfilter_rule *rules;
	size_t n_rules;
};

/*
 * The classic BPF program of a profile, an array of struct sock_filter, appended to ret: what
 * the runtimes install for it. Names that are unknown here are passed over.
 */
int sysfilter_compile(const struct sysfilter_profile *p, struct buf *ret, struct kerr *err);

/*
 * Install such a program, read from fd, in this process, for good. Needs
 * CAP_SYS_ADMIN or no_new_privs, which it does not set: who joins a container
 * becomes one of its processes in the order that a runtime has.
 */
int sysfilter_load(int fd, struct kerr *err);

/*
 * Install a profile in this process, for good, across exec too; calls of a foreign
 * architecture kill. no_new_privs is set.
 */
int sysfilter_enforce(const struct sysfilter_profile *p, struct kerr *err);

bool sysfilter_knows_arch(const char *name); /* "SCMP_ARCH_ARM" */

/*
 * The list for programs that read hostile input: no mounts, namespaces,
 * sockets, exec, modules, bpf…
 */
extern const char *const sysfilter_hostile_input[];
extern const size_t sysfilter_hostile_input_n;

#endif
