/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PASSWORDS_H
#define KUKEON_PASSWORDS_H

#include "err.h"
#include "layout.h"
#include "model.h"

/*
 * Registry passwords of a realm, apart from its document: .passwords.json,
 * 0600. Inside of lib/store; others go through store_load and store_save.
 */
struct passwords;

/* Put the stored passwords in place of the masks of a loaded document. */
int passwords_merge(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		    struct kerr *err);

/* -EBADMSG or so, and why, when a password of the loaded document cannot be had. */
int passwords_check(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		    struct kerr *err);

/*
 * Before the document is written: resolve the masks of doc (-EINVAL where
 * nothing is stored) and store old and new passwords together, so that either
 * document finds its own. stored: there is a document already; without one,
 * what lies there is a leftover. *ret is for passwords_commit, or NULL when
 * nothing changes. doc keeps its masks.
 */
int passwords_prepare(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		      bool stored, struct passwords **ret, struct kerr *err);
/* After it was written: only the new ones remain. */
int passwords_commit(struct passwords *pw, struct kerr *err);
void passwords_freep(struct passwords **pw);

#endif
