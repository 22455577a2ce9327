/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOCKS_H
#define KUKEON_LOCKS_H

#include "err.h"
#include "layout.h"

/*
 * Mutual exclusion between processes: flock(2) on files below locks/, which
 * are never unlinked. One table per process knows what it holds.
 *
 * Order: instance < realm < space < stack < cell < leases < firewall < image
 * name < chain id < blob; inside a level by the bytes of the name. A process
 * takes locks downwards only, and none twice: both are assertions, because
 * either is a deadlock waiting to happen. (LOCKS_TRY may break the order
 * inside a level, it cannot wait.)
 */
enum lock_level {
	LOCK_INSTANCE = 1, /* locks/.instance: held by kukeond for life */
	LOCK_REALM, /* locks/<realm>/.lock */
	LOCK_SPACE, /* locks/<realm>/<space>/.lock */
	LOCK_STACK,
	LOCK_CELL,
	LOCK_LEASES, /* locks/<realm>/<space>/.leases */
	LOCK_FIREWALL, /* locks/.firewall: rules and the choice of subnets */
	LOCK_IMAGE, /* locks/.images/<ns>/<sha-256 of the name> */
	LOCK_CHAIN, /* locks/.chains/<ns>/<hex> */
	LOCK_BLOB, /* locks/.blobs/<ns>/<hex> */
	_LOCK_LEVEL_MAX,
};

/* Names a lock; strings are borrowed. Made by the functions below. */
struct lock_id {
	enum lock_level level;
	struct addr addr; /* realm to leases */
	const char *ns; /* image, chain, blob */
	const char *name;
};

struct lock_id lock_id_instance(void);
struct lock_id lock_id_object(const struct addr *a); /* realm, space, stack or cell */
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
	LOCKS_TRY = 1 << 0, /* -EWOULDBLOCK (without a message) when another holds it */
	LOCKS_SHARED = 1 << 1, /* with other sharers: the parents of what one works on */
};

/* Wait for a lock and hold it. Directories and files are made as needed (0700, 0600). */
int locks_take(struct locks *t, const struct lock_id *id, enum locks_flags flags, struct kerr *err);
/* Release one; it must be held. */
void locks_drop(struct locks *t, const struct lock_id *id);
void locks_drop_all(struct locks *t);
bool locks_held(const struct locks *t, const struct lock_id *id);

/*
 * The usual case: share every parent of a (a delete of one waits for us), then
 * take a itself. On failure nothing of it is held.
 */
int locks_take_path(struct locks *t, const struct addr *a, enum locks_flags flags,
		    struct kerr *err);
void locks_drop_path(struct locks *t, const struct addr *a);

/*
 * In a forked child that does not exec: close our copies, so that the parent's
 * release is one. The table is empty afterwards.
 */
void locks_forget(struct locks *t);

/*
 * Whether some process holds it exclusively (1, 0, -errno). Must not be asked
 * for a lock held here.
 */
int locks_held_elsewhere(const struct layout *l, const struct lock_id *id);

#endif
