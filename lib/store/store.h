/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STORE_H
#define KUKEON_STORE_H

#include "err.h"
#include "layout.h"
#include "model.h"

/*
 * Documents on disk: data/…/metadata.json of a realm, space, stack or cell.
 * The address' level says which kind a `void *doc` is (struct realm_doc …
 * struct cell_doc). No function here takes a lock: callers hold the object's
 * and read again after they took it.
 */

/* KIND_REALM … KIND_CELL; KIND_INVALID at the root. */
enum kind store_kind(const struct addr *a);

enum store_load_flags {
	STORE_LOAD_PASSWORDS = 1 << 0, /* a realm's registry passwords too (root only) */
};

/*
 * Read a document into *ret_doc, which is cleared first and zero on failure.
 * -ENOENT without a message when there is none (or an unreadable one of an object
 * that was being made when the power went); any other failure names the file: it is
 * empty, damaged, no regular file, another object's, or missing though its directory
 * is that of an object. Legacy integer states and an empty apiVersion are accepted. Passwords
 * read as "********" without STORE_LOAD_PASSWORDS.
 */
int store_load(const struct layout *l, const struct addr *a, enum store_load_flags flags,
	       void *ret_doc, struct kerr *err);

/* 1 there, readable or not; 0 not, -errno. What store_load has no -ENOENT for is there. */
int store_exists(const struct layout *l, const struct addr *a, struct kerr *err);

/*
 * Make the directory of a new object, which counts as unfinished from here to its first
 * durable save; for kinds that keep files there before their document. store_save does it.
 */
int store_begin(const struct layout *l, const struct addr *a, struct kerr *err);
/* It is being made or removed: what is there without a document may go. */
bool store_unfinished(const struct layout *l, const struct addr *a);

enum store_save_flags {
	STORE_SAVE_NOSYNC = 1 << 0, /* of a new object: it never was if the power fails now */
	STORE_SAVE_KEEP_TIMES = 1 << 1, /* do not touch the stamps */
	STORE_SAVE_NOT_YET = 1 << 2, /* Ready ahead of time: readyAt is for a later save */
};

/*
 * Stamp and write. apiVersion and kind are filled in; createdAt is set once
 * (taken over from the stored document when doc has none), updatedAt always,
 * readyAt once, at the first save in state Ready (taken over likewise). The
 * first write of an object makes its directories 02750; the file is 0644 and
 * replaced in one step. doc holds what was written.
 *
 * A realm's passwords go to their own 0600 file; "********" keeps the stored
 * password of the same server and user, and is -EINVAL where there is none.
 */
int store_save(const struct layout *l, const struct addr *a, enum store_save_flags flags, void *doc,
	       struct kerr *err);

/* Whether the passwords of a loaded document (its own are masks) can be had; else why not. */
int store_check_passwords(const struct layout *l, const struct addr *realm,
			  const struct realm_doc *doc, struct kerr *err);

/*
 * Put the stored passwords in place of the "********" of a realm's document that
 * somebody sent, where there are such; store_save refuses what is left of them.
 */
int store_unmask(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		 struct kerr *err);

/*
 * Names of the objects one level below parent (root: realms) in byte-wise
 * order. What store_exists calls not there, is hidden or no directory is left out; a
 * missing directory gives an empty list.
 */
int store_list(const struct layout *l, const struct addr *parent, struct strlist *ret,
	       struct kerr *err);

/*
 * Remove the document, then the files store and network keep beside it, then
 * the directory if nothing is left in it. A missing file is success. What is
 * below the object must be gone already; container directories of a cell are
 * removed with it when STORE_DELETE_TREE is given.
 */
enum store_delete_flags {
	STORE_DELETE_TREE = 1 << 0,
};

int store_delete(const struct layout *l, const struct addr *a, enum store_delete_flags flags,
		 struct kerr *err);

#define PASSWORD_MASK "********"

/* What one run path was made with. */
struct instance {
	char *namespace_suffix; /* containerdNamespaceSuffix */
	char *cgroup_root; /* cgroupRoot */
	char *runtime_dir; /* runtimeDir; "" when an older file has none */
	struct nint socket_gid; /* socketGID; set: init recorded one */
};

void instance_clear(struct instance *i);

/* -ENOENT without a message when there is none. Else "server configuration is invalid" errors. */
int instance_load(const struct layout *l, struct instance *ret, struct kerr *err);
/* Write it as it is (0640). */
int instance_save(const struct layout *l, const struct instance *i, struct kerr *err);
/*
 * Write want where there is no file; else compare suffix and cgroup root and
 * refuse a difference with -EINVAL and the text of spec surface.md section 2.3.
 * The recorded runtime dir and gid are returned in *ret (may be NULL) and left
 * alone: whether another runtime dir is fine depends on running cells, which
 * the caller knows. A file without runtimeDir gets want's.
 */
int instance_check(const struct layout *l, const struct instance *want, struct instance *ret,
		   struct kerr *err);

#endif
