/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCOPE_H
#define KUKEON_SCOPE_H

#include "context.h"

struct addr addr_of_realm(const struct realm_doc *d);
struct addr addr_of_space(const struct space_doc *d);
struct addr addr_of_stack(const struct stack_doc *d);
struct addr addr_of_cell(const struct cell_doc *d);
struct addr addr_of_container(const struct container_doc *d); /* of its cell */

/* Of a document of the kind, a resource; a container's is its cell's. */
struct addr addr_of_doc(enum kind kind, const void *doc);

/*
 * An address with names of its own, for code that changes the document the
 * names came from. a points into the copies.
 */
struct addr_copy {
	struct addr a;
	char *names[4];
};
void addr_copy_set(struct addr_copy *c, const struct addr *a);
void addr_copy_clear(struct addr_copy *c);

/* "<cgroup root>/<realm>/…", owned by the caller. */
char *scope_cgroup(const struct engine *e, const struct addr *a) __attribute__((returns_nonnull));

/* "<realm>.<suffix>", owned by the caller. */
char *scope_default_namespace(const struct engine *e, const char *realm)
	__attribute__((returns_nonnull));

/* The namespace of a stored realm. ERR_REALM_NOT_FOUND. */
int scope_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err);

/* Whether the namespace's directory is there. */
bool scope_namespace_ready(const struct engine *e, const char *ns);

/*
 * Make the directory: 1 made, 0 it was there. One that was made is marked until its realm
 * is stored for good (scope_namespace_finish): without a realm it may go.
 */
int scope_namespace_make(const struct engine *e, const char *ns, struct kerr *err);
void scope_namespace_finish(const struct engine *e, const char *ns);
bool scope_namespace_unfinished(const struct engine *e, const char *ns);

/* -ENOENT with `realm "r" not found` and so on, with the level's class. */
int scope_not_found(const struct addr *a, struct kerr *err);

/*
 * The address' parents are all there, and its realm is not being deleted; else
 * scope_not_found of the highest that is not.
 */
int scope_parents_exist(struct engine *e, const struct addr *a, struct kerr *err);

/* -EBUSY for what stands in a realm that is being deleted: nothing is made or started there. */
int scope_refuse_deleting(struct engine *e, const struct addr *a, struct kerr *err);

/*
 * Judge the names of an address that should be one of that level: a missing one is
 * ErrRealmNameRequired and so on, and with SCOPE_STRICT the name rules apply.
 * Whatever comes from outside passes here before it becomes a path: a missing
 * name would make the address that of the object above.
 */
enum scope_flags {
	SCOPE_STRICT = 1 << 0
};
int scope_check(const struct addr *a, enum addr_level level, enum scope_flags flags,
		struct kerr *err);

/* What was odd about a document, into the log: who sent it had its own look (docstream). */
void scope_warn(const struct addr *a, const struct strlist *warnings);

/* What of a status is read back from the kernel at every write. */
void scope_observe_cgroup(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers);

/* The same for a cell that delegates every controller the host has. */
void scope_observe_nested(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers);

/*
 * Call fn for every object of a level that the filter does not exclude ("" or
 * NULL names match all), in the order of the tree. A negative result ends it.
 */
typedef int scope_fn(void *ctx, struct engine *e, const struct addr *a, struct kerr *err);
int scope_each(struct engine *e, enum addr_level level, const struct addr *filter, scope_fn *fn,
	       void *ctx, struct kerr *err);

/* The level of an object of a kind; ADDR_ROOT for kinds that are none. */
enum addr_level scope_level(enum kind kind);

/* "", "realm", "space", "stack", "cell": the words of errors, by level. */
extern const char *const level_words[];

/* Make run path, data, locks and runtime dir, and check that our mounts are visible there. */
int scope_prepare_trees(struct engine *e, struct kerr *err);

#endif
