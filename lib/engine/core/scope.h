/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCOPE_H
#define KUKEON_SCOPE_H

#include "context.h"

struct addr addr_of_realm(const struct realm_doc *d);
struct addr addr_of_space(const struct space_doc *d);
struct addr addr_of_stack(const struct stack_doc *d);
struct addr addr_of_cell(const struct cell_doc *d);
struct addr addr_of_container(const struct container_doc *d); /* the address of its cell */

/* Return the address of a document of that kind; for a container, of its cell. */
struct addr addr_of_doc(enum kind kind, const void *doc);

/*
 * An address with its own copies of the names, for code that changes the document that
 * the names came from. a points to the copies.
 */
struct addr_copy {
	struct addr a;
	char *names[4];
};
void addr_copy_set(struct addr_copy *c, const struct addr *a);
void addr_copy_clear(struct addr_copy *c);

/* Return "<cgroup root>/<realm>/…"; owned by the caller. */
char *scope_cgroup(const struct engine *e, const struct addr *a) __attribute__((returns_nonnull));

/* Return "<realm>.<suffix>"; owned by the caller. */
char *scope_default_namespace(const struct engine *e, const char *realm)
	__attribute__((returns_nonnull));

/* Get the namespace of a stored realm. ERR_REALM_NOT_FOUND. */
int scope_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err);

/* Return whether the directory of the namespace exists. */
bool scope_namespace_ready(const struct engine *e, const char *ns);

/*
 * Create the directory of a namespace: 1 created, 0 it existed. A new one is marked
 * unfinished until its realm is stored (scope_namespace_finish); garbage collection
 * removes an unfinished one without a realm.
 */
int scope_namespace_make(const struct engine *e, const char *ns, struct kerr *err);
void scope_namespace_finish(const struct engine *e, const char *ns);
bool scope_namespace_unfinished(const struct engine *e, const char *ns);

/* Set `realm "r" not found` and so on, with the error class of the level. Returns -ENOENT. */
int scope_not_found(const struct addr *a, struct kerr *err);

/*
 * Check that all parents of the address exist (else scope_not_found of the topmost
 * missing one) and that the realm is not being deleted.
 */
int scope_parents_exist(struct engine *e, const struct addr *a, struct kerr *err);

/*
 * Return -EBUSY if the realm of the address is being deleted: nothing may be created or
 * started in it.
 */
int scope_refuse_deleting(struct engine *e, const struct addr *a, struct kerr *err);

/*
 * Check the names of an address down to that level: a missing one is
 * ErrRealmNameRequired and so on; SCOPE_STRICT applies the name rules as well. Call it
 * on all input before it becomes a path: with a name missing, the address would be that
 * of the parent.
 */
enum scope_flags {
	SCOPE_STRICT = 1 << 0
};
int scope_check(const struct addr *a, enum addr_level level, enum scope_flags flags,
		struct kerr *err);

/* Log the warnings about a document. The client has been shown its own (docstream). */
void scope_warn(const struct addr *a, const struct strlist *warnings);

/* Read cgroup state from the kernel; done whenever a status is stored. */
void scope_observe_cgroup(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers);

/* Likewise for a cell whose cgroup delegates all controllers of the host. */
void scope_observe_nested(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers);

/*
 * Call fn for every object of a level that matches the filter ("" or NULL names match
 * all), sorted by path. A negative result stops the walk and is returned.
 */
typedef int scope_fn(void *ctx, struct engine *e, const struct addr *a, struct kerr *err);
int scope_each(struct engine *e, enum addr_level level, const struct addr *filter, scope_fn *fn,
	       void *ctx, struct kerr *err);

/*
 * The same where fn loads the document anyway: it is called for every directory of the
 * level (store_names) and passes over one that is no object (-ENOENT of store_load).
 */
int scope_each_name(struct engine *e, enum addr_level level, const struct addr *filter,
		    scope_fn *fn, void *ctx, struct kerr *err);

/* Return the level of objects of a kind; ADDR_ROOT if the kind is not a level. */
enum addr_level scope_level(enum kind kind);

/* Names of the levels for messages: "", "realm", "space", "stack", "cell". */
extern const char *const level_words[];

/*
 * Create run path, data and runtime directory; fail if their mounts belong to another
 * mount namespace.
 */
int scope_prepare_trees(struct engine *e, struct kerr *err);

#endif
