/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSFILTER_H
#define KUKEON_SYSFILTER_H

#include "defs.h"
#include "err.h"

/*
 * Install a seccomp filter in this process under which the named system calls
 * fail with EPERM and calls of a foreign architecture kill. Names that this
 * kernel's headers do not know are passed over. no_new_privs is set. The filter
 * stays for good, across exec too. (The header is not called seccomp.h because
 * that is libseccomp's.)
 */
int sysfilter_deny(const char *const *names, size_t n, struct kerr *err);

/*
 * The list for programs that read hostile input: no mounts, namespaces,
 * sockets, exec, modules, bpf…
 */
extern const char *const sysfilter_hostile_input[];
extern const size_t sysfilter_hostile_input_n;

#endif
