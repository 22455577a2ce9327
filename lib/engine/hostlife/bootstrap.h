/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BOOTSTRAP_H
#define KUKEON_BOOTSTRAP_H

#include "engine_config.h"
#include "methods.h"

/*
 * Check that this host can run containers: runc, overlayfs, cgroups. The error names
 * what is missing. *ret_warning: a problem of the runtime that is no error, owned by
 * the caller; untouched if none.
 */
int bootstrap_preflight(struct engine *e, char **ret_warning, struct kerr *err);
/*
 * `kuke init`: prepare everything a host needs before the first cell. On a healthy host
 * it changes nothing.
 */
int bootstrap_init(struct engine *e, const struct rpc_init_host_args *o,
		   struct rpc_init_host_result *ret, struct kerr *err);

#endif
