/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PASSWORDS_H
#define KUKEON_PASSWORDS_H

#include "err.h"
#include "layout.h"
#include "model.h"

/*
 * Registry passwords of a realm, apart from its document: .passwords.json, 0600.
 * Internal to lib/store; other modules use store_load and store_save.
 */
struct passwords;

/* Put the stored passwords in place of the masks of a loaded document. */
int passwords_merge(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		    struct kerr *err);

/* The same with the passwords of a document that has them. */
void passwords_unmask(const struct realm_doc *stored, struct realm_doc *doc);

/* -EINVAL for a mask without a stored password, with the message of passwords_prepare. */
int passwords_refuse_masks(const struct realm_doc *doc, struct kerr *err);

/*
 * An error such as -EBADMSG, with a message, if a password of the loaded document is
 * not available.
 */
int passwords_check(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		    struct kerr *err);

/*
 * Before the document is written: resolve the masks of doc (-EINVAL where nothing is
 * stored) and store old and new passwords together, so that either document finds its
 * own. stored: a document exists already; if not, an existing password file is a
 * leftover and ignored. *ret is for passwords_commit, NULL if nothing changes. doc
 * keeps its masks.
 */
int passwords_prepare(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		      bool stored, struct passwords **ret, struct kerr *err);
/* After the document was written: drop the old passwords. */
int passwords_commit(struct passwords *pw, struct kerr *err);
void passwords_freep(struct passwords **pw);

#endif
