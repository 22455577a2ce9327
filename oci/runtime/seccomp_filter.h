/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECCOMP_FILTER_H
#define KUKEON_SECCOMP_FILTER_H

#include "err.h"

/*
 * Compiled seccomp filters. A process that joins a container (attach, exec) installs the
 * same filter as the container's first process. Compiling a profile takes some
 * milliseconds, so each distinct profile is compiled once and its filter kept until the
 * host is rebooted.
 *
 *   DIR/<sha256 of the profile>.bpf    0600; DIR is 0700
 *   FILE                               hard link to it, removed with the container
 */

/*
 * Link file to the filter of profile (JSON as in the OCI runtime-spec), compiling it if
 * needed.
 */
int seccomp_filter_keep(const char *dir, const char *profile, const char *file, struct kerr *err);

/* Remove filters that no container links to and that are older than max_age_s. */
void seccomp_filter_sweep(const char *dir, int64_t max_age_s);

#endif
