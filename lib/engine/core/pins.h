/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PINS_H
#define KUKEON_PINS_H

#include <dirent.h>

#include "context.h"
#include "mntns.h"
#include "ns.h"
#include "vec.h"

/*
 * The namespaces of cells are pinned in a mount namespace of their own, so that the host's
 * mount table does not grow with them. It is made once per boot and itself pinned in the
 * runtime directory (mounts/pins). Its root is a small tmpfs with a directory per cell, in
 * that one per start, and the bases of stages (stage.h).
 */

#define PINS_LOCK "lock" /* file below mounts/, held while something there is made */

/* Make the namespace of the pins if it is missing, and open it. */
int pins_prepare(struct engine *e, struct kerr *err);

/* Forget what was opened. The pins stay. */
void pins_close(struct engine *e);

/* Unmount it all, unless something of a cell is pinned; for when the daemon has ended. */
int pins_release(struct engine *e, struct kerr *err);

/* Make namespaces for the start of a cell and pin them. As ns_pin. */
int pins_make(struct engine *e, const struct addr *cell, const char *start_id, enum ns_kind kinds,
	      const char *hostname, struct kerr *err);

/* Open a pinned namespace. As ns_open: -ENOENT without a message if there is none. */
int pins_open(struct engine *e, const struct addr *cell, const char *start_id, enum ns_kind kind,
	      struct kerr *err);

/* Remove the pins of all starts of a cell. None is success. */
int pins_drop(struct engine *e, const struct addr *cell, struct kerr *err);

enum pins_kind {
	PINS_CELLS = DT_DIR, /* "<realm>_<space>_<stack>_<cell>" */
	PINS_BASES = DT_REG,
};

/* The names of what is pinned; an empty list if nothing has been since the boot. */
int pins_list(struct engine *e, enum pins_kind kind, struct strlist *ret, struct kerr *err);

#endif
