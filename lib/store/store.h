/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STORE_H
#define KUKEON_STORE_H

#include "err.h"
#include "layout.h"
#include "model.h"

/*
 * Documents on disk: data/…/metadata.json of a realm, space, stack or cell. The level
 * of the address determines the type of a `void *doc` (struct realm_doc … struct
 * cell_doc). No function here takes a lock: callers hold the lock of the object and
 * read the document after taking it. Functions that read see the
 * overlay of the layout first, if it has one (overlay.h).
 */

/* KIND_REALM … KIND_CELL; KIND_INVALID at the root. */
enum kind store_kind(const struct addr *a);

enum store_load_flags {
	STORE_LOAD_PASSWORDS = 1 << 0, /* a realm's registry passwords too (root only) */
};

/*
 * Read a document into *ret_doc, which is cleared first and zero on failure. -ENOENT
 * without a message if there is none (or only an unreadable one of an object that was
 * being created when power failed). Any other failure names the file: it is empty,
 * damaged, not a regular file, another object's, or missing although the directory
 * belongs to an object. Legacy integer states and an empty apiVersion are accepted.
 * Passwords read as "********" without STORE_LOAD_PASSWORDS.
 */
int store_load(const struct layout *l, const struct addr *a, enum store_load_flags flags,
	       void *ret_doc, struct kerr *err);

/*
 * 1 the object exists, even if unreadable; 0 it does not; -errno. 0 exactly where
 * store_load returns -ENOENT.
 */
int store_exists(const struct layout *l, const struct addr *a, struct kerr *err);

/*
 * Create the directory of a new object, which is unfinished until its first durable
 * save. Only needed to put files there before the document; store_save does it
 * otherwise.
 */
int store_begin(const struct layout *l, const struct addr *a, struct kerr *err);
/*
 * Whether the object is being created or removed: its directory may be removed if it
 * has no document.
 */
bool store_unfinished(const struct layout *l, const struct addr *a);

enum store_save_flags {
	STORE_SAVE_NOSYNC = 1 << 0, /* of a new object: it is lost if power fails */
	STORE_SAVE_KEEP_TIMES = 1 << 1, /* do not touch the stamps */
	STORE_SAVE_NOT_YET = 1 << 2, /* state Ready is not confirmed yet: do not set readyAt */
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

/* Check that the passwords behind the masks of a loaded document are available. */
int store_check_passwords(const struct layout *l, const struct addr *realm,
			  const struct realm_doc *doc, struct kerr *err);

/*
 * Replace the "********" of a realm's document from a client by the stored passwords,
 * where these exist; store_save refuses any remaining mask.
 */
int store_unmask(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		 struct kerr *err);

/*
 * -EINVAL for a "********" that is left, with the message of store_save: there is no
 * stored password to keep.
 */
int store_refuse_masks(const struct realm_doc *doc, struct kerr *err);

/*
 * Names of the objects one level below parent (root: realms) in byte-wise order.
 * Entries that are hidden, not directories, or for which store_exists returns 0 are
 * left out; a missing directory gives an empty list.
 */
int store_list(const struct layout *l, const struct addr *parent, struct strlist *ret,
	       struct kerr *err);

/*
 * The same without a look at each: a name may be that of a directory which is no object.
 * For callers that load all of them anyway and pass over -ENOENT.
 */
int store_names(const struct layout *l, const struct addr *parent, struct strlist *ret,
		struct kerr *err);

/*
 * Remove the document, then the files store and network keep beside it, then the
 * directory if it is empty. Missing files are success. Child objects must be removed
 * before; container directories of a cell are removed too with STORE_DELETE_TREE.
 */
enum store_delete_flags {
	STORE_DELETE_TREE = 1 << 0,
};

int store_delete(const struct layout *l, const struct addr *a, enum store_delete_flags flags,
		 struct kerr *err);

#define PASSWORD_MASK "********"

/* Settings that a run path was created with. */
struct instance {
	char *namespace_suffix; /* containerdNamespaceSuffix */
	char *cgroup_root; /* cgroupRoot */
	char *runtime_dir; /* runtimeDir; "" if an older file has none */
	struct nint socket_gid; /* socketGID; set if init recorded one */
};

void instance_clear(struct instance *i);

/*
 * -ENOENT without a message if there is none. Other errors end in "server configuration
 * is invalid".
 */
int instance_load(const struct layout *l, struct instance *ret, struct kerr *err);
/* Write it as it is (0640). */
int instance_save(const struct layout *l, const struct instance *i, struct kerr *err);
/*
 * Write want if there is no file; otherwise compare suffix and cgroup root and refuse a
 * difference with -EINVAL and upstream's message. The recorded runtime dir and gid are
 * returned in *ret (may be NULL) and not compared: whether another runtime dir is
 * possible depends on running cells, which the caller knows. A file without runtimeDir
 * gets that of want.
 */
int instance_check(const struct layout *l, const struct instance *want, struct instance *ret,
		   struct kerr *err);

#endif
