/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_LOOK_H
#define KUKEON_CELL_LOOK_H

#include "context.h"

/*
 * One look at many cells. What they have in common is asked for once, in the course of
 * the look: the realm's namespace, and of the directories that hold a file per cell
 * their names, so that a file that is not there is not looked for a thousand times.
 * Nothing is kept from one look to the next. A name that is found only tells that the
 * file itself has to be read.
 */
enum cell_look_flags {
	CELL_LOOK_MANY = 1 << 0, /* without it every file is looked for by itself */
	CELL_LOOK_NO_CGROUP = 1 << 1, /* cgroupReady and the controllers are not needed */
	CELL_LOOK_NO_LABELS = 1 << 2, /* the caller reads the containers' labels */
};

/* Names in a directory. */
struct cell_look_names {
	char *dir; /* NULL: none was read yet */
	struct strlist names; /* sorted */
	int r; /* -errno: they are not known */
	unsigned asked; /* how often */
};

struct cell_look {
	struct engine *e;
	enum cell_look_flags flags;
	char *realm, *ns; /* of the last cell */
	struct cell_look_names stops, restarts, intents, cgroups;
};

void cell_look_clear(struct cell_look *l);

/* The namespace of a stored realm, borrowed until the next call. As scope_namespace. */
int cell_look_namespace(struct cell_look *l, const char *realm, const char **ret, struct kerr *err);

/* Whether the cell may have a file in stops/ or restarts/. */
bool cell_look_may_stop(struct cell_look *l, const struct addr *cell);
bool cell_look_may_restart(struct cell_look *l, const struct addr *cell);

/* Whether the cell has an intent: 1, 0, or -errno if it cannot be read. */
int cell_look_intent(struct cell_look *l, const struct addr *cell, struct kerr *err);

/* Set what is wrong with the cell's intent and its containers' labels in its status. */
void cell_look_sides(struct cell_look *l, const struct addr *cell, struct cell_doc *doc);

/* As cgroup_exists. */
int cell_look_has_cgroup(struct cell_look *l, const struct addr *cell);
/* Set the fields read from the kernel: cgroupReady and the delegated controllers. */
void cell_look_cgroup(struct cell_look *l, const struct addr *cell, struct cell_doc *doc);
/* The same of one cell. */
void cell_observe_cgroup(struct engine *e, struct cell_doc *doc, const char *cgroup);

#endif
