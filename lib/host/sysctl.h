/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSCTL_H
#define KUKEON_SYSCTL_H

#include "err.h"

/*
 * Settings of the kernel below /proc/sys (sysctl(8)). Those of the network are of the network
 * namespace that the caller is in.
 */

#define SYSCTL_OWN (-1) /* the /proc of this process */

/*
 * Open a proc file system that no other program looks at. In one that is shared the kernel keeps
 * what was ever looked up in each network namespace, under the same names ("ipv6"), and has
 * to search it: with a thousand namespaces half a millisecond for each path. Kernels before
 * 5.8 have one proc for all of a PID namespace. Returns a descriptor, or SYSCTL_OWN if there
 * can be none of our own.
 */
int sysctl_proc(void);

/*
 * Write a setting, such as "net/ipv4/ip_forward". proc is from sysctl_proc. 1 written, 0 it
 * had that value (or the kernel lacks it), -errno with a message.
 */
int sysctl_set(int proc, const char *name, const char *value, struct kerr *err);

#endif
