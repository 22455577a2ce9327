/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOCKS_H
#define KUKEON_LOCKS_H

#include "err.h"
#include "layout.h"

/*
 * Mutual exclusion between processes: flock(2) on files below locks/, which are never
 * unlinked. Each process has one table of the locks it holds.
 *
 * Order: instance < realm < space < stack < cell < leases < plugins < firewall < image name <
 * chain id < blob; inside a level by the bytes of the name. A process takes locks in
 * this order only, and none twice; both are asserted, because a violation can deadlock.
 * (LOCKS_TRY may break the order inside a level, since it does not wait.)
 */
enum lock_level {
	LOCK_INSTANCE = 1, /* locks/.instance: held by kukeond while it runs */
	LOCK_REALM, /* locks/<realm>/.lock */
	LOCK_SPACE, /* locks/<realm>/<space>/.lock */
	LOCK_STACK,
	LOCK_CELL,
	LOCK_LEASES, /* locks/<realm>/<space>/.leases */
	LOCK_PLUGINS, /* locks/.plugins: shared while CNI plugins run for a cell */
	LOCK_FIREWALL, /* locks/.firewall: rules and the choice of subnets */
	LOCK_IMAGE, /* locks/.images/<ns>/<sha-256 of the name> */
	LOCK_CHAIN, /* locks/.chains/<ns>/<hex> */
	LOCK_BLOB, /* locks/.blobs/<ns>/<hex> */
	_LOCK_LEVEL_MAX,
};

/* Identifies a lock; strings are borrowed. Built by the functions below. */
struct lock_id {
	enum lock_level level;
	struct addr addr; /* realm to leases */
	const char *ns; /* image, chain, blob */
	const char *name;
};

struct lock_id lock_id_instance(void);
struct lock_id lock_id_object(const struct addr *a); /* realm, space, stack or cell */
struct lock_id lock_id_plugins(void);
struct lock_id lock_id_leases(const struct addr *space);
struct lock_id lock_id_firewall(void);
struct lock_id lock_id_image(const char *ns, const char *name);
struct lock_id lock_id_chain(const char *ns, const char *hex);
struct lock_id lock_id_blob(const char *ns, const char *hex);

/* The lock's file; owned by the caller. */
char *lock_id_path(const struct layout *l, const struct lock_id *id);

struct locks;

/* l must outlive it. */
struct locks *locks_new(const struct layout *l);
struct locks *locks_free(struct locks *t); /* releases all */

enum locks_flags {
	LOCKS_TRY = 1 << 0, /* -EWOULDBLOCK (without a message) if it is held elsewhere */
	LOCKS_SHARED = 1 << 1, /* a shared lock: for the parents of the object being changed */
};

/* Wait for a lock and hold it. Directories and files are made as needed (0700, 0600). */
int locks_take(struct locks *t, const struct lock_id *id, enum locks_flags flags, struct kerr *err);
/* Release one; it must be held. */
void locks_drop(struct locks *t, const struct lock_id *id);
void locks_drop_all(struct locks *t);
bool locks_held(const struct locks *t, const struct lock_id *id);
/*
 * The descriptor of one that is held; borrowed. A process that inherits it keeps the lock
 * until it has closed its copy, too.
 */
int locks_fd(const struct locks *t, const struct lock_id *id);

/*
 * The usual case: take every parent of a shared (so that deleting a parent waits), then
 * a itself. On failure none of them is held.
 */
int locks_take_path(struct locks *t, const struct addr *a, enum locks_flags flags,
		    struct kerr *err);
void locks_drop_path(struct locks *t, const struct addr *a);

/*
 * For a forked child that does not exec: close its copies of the descriptors, so that
 * the locks are free when the parent releases them. The table is empty afterwards.
 */
void locks_forget(struct locks *t);

/*
 * Whether another process holds it exclusively (1, 0, -errno). Not for a lock that this
 * process holds.
 */
int locks_held_elsewhere(const struct layout *l, const struct lock_id *id);

#endif
