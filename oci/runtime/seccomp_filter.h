/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECCOMP_FILTER_H
#define KUKEON_SECCOMP_FILTER_H

#include "err.h"

/*
 * Compiled filters. Whoever joins a container (attach, exec) installs the filter that its
 * first process has; making it out of the profile takes some milliseconds, so each
 * distinct profile is compiled once and its filter kept until the host goes down.
 *
 *   DIR/<sha256 of the profile>.bpf    0600; DIR is 0700
 *   FILE                               a link to that, gone with the container
 */

/* profile: JSON as in the runtime spec. Does nothing but link when there is one already. */
int seccomp_filter_keep(const char *dir, const char *profile, const char *file, struct kerr *err);

/* Remove what no container links to and older than max_age_s. */
void seccomp_filter_sweep(const char *dir, int64_t max_age_s);

#endif
