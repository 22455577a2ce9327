/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_SPACE_H
#define KUKEON_CNI_SPACE_H

#include "cni_conf.h"
#include "context.h"

/*
 * Spaces with a network configuration of their own (spec.cniConfigPath): they have no
 * bridge, subnet, leases and rules of kukeon; CNI plugins make the links of their cells.
 */

/* Whether a space has one. The path that kukeon generates for its bridge counts as unset. */
bool cni_space_is_own(const struct engine *e, const struct addr *space, const struct space_doc *d);

/* The same of a stored space: 1 with *ret owned by the caller, 0, -errno. */
int cni_space_path(struct engine *e, const struct addr *space, char **ret, struct kerr *err);

/*
 * Read a network configuration. ret_text (may be NULL) gets the file's text. Messages name
 * the file, the member and what it must be.
 */
int cni_space_read(const char *path, struct cni_conf *ret, struct buf *ret_text, struct kerr *err);

enum cni_space_check_flags {
	CNI_SPACE_PROBE = 1 << 0, /* ask the plugins which versions they support */
};

/*
 * Whether cells could be started in such a space: its configuration is valid, its plugins
 * are installed, and it asks for nothing that only a bridge of kukeon has.
 */
int cni_space_check(const struct space_doc *d, enum cni_space_check_flags flags, struct kerr *err);

#endif
