/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine on a directory of its own, for tests of lib/engine: `dir` and `e`, which
 * engine_set_up and engine_tear_down make and remove (a checked fixture), and objects
 * as their verbs would have left them.
 */
#ifndef ENGINE_DIR_H
#define ENGINE_DIR_H

#include <stdlib.h>

#include "context.h"
#include "convert.h"
#include "copy.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "scope.h"
#include "tempdir.h"
#include "unit.h"

static struct tempdir dir;
static struct engine *e;

static inline void engine_set_up_as(struct engine_config c)
{
	char *run cleanup_free = NULL, *rt cleanup_free = NULL;
	struct kerr err = { 0 };

	dir = tempdir_make();
	run = path_join(dir.path, "opt", NULL);
	rt = path_join(dir.path, "run", NULL);
	c.run_path = run;
	c.runtime_dir = rt;
	log_init(LOG_LEVEL_NONE, LOG_STYLE_LOGFMT);
	ck_assert_msg(engine_open(&c, &e, &err) == 0, "%s", err.msg);
}

static inline void engine_set_up(void)
{
	engine_set_up_as(
		(struct engine_config){ .suffix = "unit.test", .cgroup_root = "/kukeon-unit" });
}

static inline void engine_tear_down(void)
{
	e = engine_close(e);
	tempdir_clear(&dir);
}

/* doc is cleared. */
static inline void engine_store(enum kind kind, void *doc)
{
	struct addr a = addr_of_doc(kind, doc);
	struct kerr err = { 0 };

	ck_assert_msg(store_save(&e->layout, &a, 0, doc, &err) == 0, "%s", err.msg);
	model_clear(kind_info(kind)->type, doc);
}

static inline struct addr engine_realm(const char *name)
{
	struct realm_doc d = { .head.metadata.name = xstrdup(name) };

	engine_store(KIND_REALM, &d);
	return (struct addr){ .realm = name };
}

static inline struct addr engine_space(const char *realm, const char *name)
{
	struct space_doc d = { .head.metadata.name = xstrdup(name),
			       .spec.realm_id = xstrdup(realm) };

	engine_store(KIND_SPACE, &d);
	return (struct addr){ .realm = realm, .space = name };
}

static inline struct addr engine_stack(const struct addr *space, const char *name)
{
	struct stack_doc d = { .head.metadata.name = xstrdup(name),
			       .spec.id = xstrdup(name),
			       .spec.realm_id = xstrdup(space->realm),
			       .spec.space_id = xstrdup(space->space) };

	engine_store(KIND_STACK, &d);
	return (struct addr){ .realm = space->realm, .space = space->space, .stack = name };
}

/* With containers "main" and, as its root, "root". */
static inline struct addr engine_cell(const struct addr *stack, const char *name)
{
	struct addr a = addr_child(stack, name);
	struct cell_doc d = { .head.metadata.name = xstrdup(name),
			      .spec.realm_id = xstrdup(a.realm),
			      .spec.space_id = xstrdup(a.space),
			      .spec.stack_id = xstrdup(a.stack) };
	struct container_spec *c;

	for (int i = 0; i < 2; i++) {
		c = vec_grow(&d.spec.containers.v, &d.spec.containers.n, sizeof(*c));
		c->id = xstrdup(i == 0 ? "main" : "root");
		c->image = xstrdup(i == 0 ? "localhost/nothing:1" : "");
		c->root = i == 1;
	}
	engine_store(KIND_CELL, &d);
	return a;
}

/* r/s/t with everything above it. */
static inline struct addr engine_hierarchy(void)
{
	struct addr space;

	(void) engine_realm("r");
	space = engine_space("r", "s");
	return engine_stack(&space, "t");
}

#endif
