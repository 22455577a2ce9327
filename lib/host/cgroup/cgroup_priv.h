/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_PRIV_H
#define KUKEON_CGROUP_PRIV_H

#include "cgroup.h"

/* What the files of cgroup*.c share. */

/* -EINVAL unless path is absolute and without empty, "." and ".." parts. */
int cgroup_path_check(const char *path, struct kerr *err);

/* The v2 hierarchy, NULL when none is mounted. */
const struct cgroup_hierarchy *cgroup_v2(const struct cgroup_host *h);

/* The words of a file of one line, e.g. cgroup.controllers; ret is cleared first. 0 or -errno. */
int cgroup_read_words(const char *dir, const char *file, struct strlist *ret);

/* The value of a "key N" line (cgroup.events, memory.events). -ENOENT: no such line. */
int cgroup_read_key(const char *dir, const char *file, const char *key, uint64_t *ret);

/* mkdir of every directory of path below mount; 1 the last one was made, 0 it was there. */
int cgroup_mkdirs(const char *mount, const char *path, struct kerr *err);

/* Bit of a v1 controller's name, 0 for those we do not use. */
unsigned cgroup_v1_controller(const char *name);

/* The directories of one v1 hierarchy, cpuset filled; results of cgroup_mkdirs. */
int cgroup_v1_make(const struct cgroup_hierarchy *hi, const char *path, struct kerr *err);

/* Which of cpu, memory, io and pids the v1 hierarchies offer. */
void cgroup_v1_controllers(const struct cgroup_host *h, struct strlist *ret);

/* ---- cgroup_freeze.c ---- */

/* Freeze a group of v1's freezer hierarchy and all below it. Best effort. */
void cgroup_v1_freeze(const struct cgroup_host *h, const char *path);

/* ---- cgroup_kill.c ---- */

/* The directories below dirfd, as paths relative to it, parents first. */
int cgroup_list_subdirs(int dirfd, struct strlist *ret);

#endif
