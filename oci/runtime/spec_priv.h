/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SPEC_PRIV_H
#define KUKEON_SPEC_PRIV_H

#include "emit_json.h"
#include "spec.h"

/* Shared by the source files of the spec builder. */

/*
 * The working directory, from the container or image, else "/"; cleaned and owned by the
 * caller.
 */
int spec_cwd(const struct spec_input *in, char **ret, struct kerr *err);

/* Write all mounts, as the value of "mounts". */
void spec_mounts(const struct spec_input *in, struct jemit *j);

/* Write the host's device nodes, as the value of "linux.devices". */
int spec_host_devices(struct jemit *j, struct kerr *err);

#endif
