/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>

#include "configuration.h"
#include "layout.h"
#include "mem.h"
#include "path.h"
#include "str.h"

static const char *const object_files_[_OBJECT_FILE_MAX] = {
	[OBJECT_DIR] = "",
	[OBJECT_METADATA] = "metadata.json",
	[REALM_PASSWORDS] = ".passwords.json",
	[SPACE_NETWORK] = "network.json",
	[SPACE_CONFLIST] = "network.conflist",
	[SPACE_HOSTS] = ".hosts",
	[SPACE_LEASES] = ".leases",
	[SPACE_ATTACHMENTS] = ".cni",
	[SPACE_EGRESS] = "egress-hosts.json",
	[SPACE_DENIED] = "denied.log",
	[SPACE_DENIED_OLD] = "denied.log.1",
	[CELL_ETC_HOSTS] = "etc-hosts",
	[CELL_ETC_HOSTNAME] = "etc-hostname",
};

/* The level a file belongs to; ADDR_ROOT: any. */
static const enum addr_level object_levels_[_OBJECT_FILE_MAX] = {
	[REALM_PASSWORDS] = ADDR_REALM,	 [SPACE_NETWORK] = ADDR_SPACE,
	[SPACE_CONFLIST] = ADDR_SPACE,	 [SPACE_HOSTS] = ADDR_SPACE,
	[SPACE_LEASES] = ADDR_SPACE,	 [SPACE_ATTACHMENTS] = ADDR_SPACE,
	[SPACE_EGRESS] = ADDR_SPACE,	 [SPACE_DENIED] = ADDR_SPACE,
	[SPACE_DENIED_OLD] = ADDR_SPACE, [CELL_ETC_HOSTS] = ADDR_CELL,
	[CELL_ETC_HOSTNAME] = ADDR_CELL,
};

static const char *const container_files_[_CONTAINER_FILE_MAX] = {
	[CONTAINER_DIR] = "",
	[CONTAINER_LOG] = "log",
	[CONTAINER_LABELS] = "labels.json",
	[CONTAINER_LOG_INDEX] = "log.idx",
	[CONTAINER_TTY_CONFIG] = "kuketty-metadata.json",
	[CONTAINER_TTY_DIR] = "tty",
	[CONTAINER_TTY_SOCKET] = "tty/socket",
	[CONTAINER_TTY_CAPTURE] = "tty/capture",
};

static const char *const ns_dirs_[_NS_DIR_MAX] = {
	[NS_DIR] = "",
	[NS_IMAGES] = "images",
	[NS_BLOBS] = "blobs/sha256",
	[NS_SNAPSHOTS] = "snapshots",
	[NS_CONTAINERS] = "containers",
	[NS_STAGING] = "staging",
	[NS_TRASH] = "trash",
};

static const char *const run_files_[_RUN_FILE_MAX] = {
	[RUN_DATA] = "data",
	[RUN_LOCKS] = "locks",
	[RUN_BIN] = "bin",
	[RUN_INSTANCE] = CONF_INSTANCE_FILE,
};

static const char *const rt_files_[_RT_FILE_MAX] = {
	[RT_SOCKET] = "kukeond.sock", [RT_PID] = "kukeond.pid",
	[RT_WAKE_DIR] = "wake",	      [RT_WAKE_SOCKET] = "wake.sock",
	[RT_CELLS] = "cells",	      [RT_CONTAINERS] = "containers",
	[RT_RUNC] = "runc",	      [RT_INTENTS] = "intents",
	[RT_BOOT] = "boot.json",      [RT_RESTARTS] = "restarts",
	[RT_BOOTED] = "booted",	      [RT_SECCOMP] = "seccomp",
	[RT_PUBLISHED] = "published", [RT_STOPS] = "stops",
	[RT_MOUNTS] = "mounts",	      [RT_NFT] = "nft",
	[RT_NAMES] = "names",	      [RT_ALLOWED] = "allowed",
	[RT_SOCKETS] = "s",
};

static const char *const rt_container_files_[_RTC_FILE_MAX] = {
	[RTC_DIR] = "",
	[RTC_MONITOR] = "monitor",
	[RTC_STDOUT] = "stdout",
	[RTC_STDERR] = "stderr",
	[RTC_BUNDLE] = "bundle",
	[RTC_SECRETS] = "secrets",
	[RTC_RUNC_LOG] = "runc.log",
	[RTC_SECCOMP] = "seccomp.bpf",
};

void layout_init(struct layout *l, const char *run_path, const char *runtime_dir)
{
	int r;

	l->run_path = NULL;
	l->runtime_dir = NULL;
	l->overlay = NULL;
	r = path_clean(run_path, &l->run_path);
	assert(r >= 0);
	r = path_clean(runtime_dir, &l->runtime_dir);
	assert(r >= 0);
	(void) r;
}

void layout_clear(struct layout *l)
{
	free_p(&l->run_path);
	free_p(&l->runtime_dir);
}

enum addr_level addr_level(const struct addr *a)
{
	if (str_empty(a->realm))
		return ADDR_ROOT;
	if (str_empty(a->space))
		return ADDR_REALM;
	if (str_empty(a->stack))
		return ADDR_SPACE;
	if (str_empty(a->cell))
		return ADDR_STACK;
	return ADDR_CELL;
}

const char *addr_name(const struct addr *a)
{
	switch (addr_level(a)) {
	case ADDR_ROOT:
		return NULL;
	case ADDR_REALM:
		return a->realm;
	case ADDR_SPACE:
		return a->space;
	case ADDR_STACK:
		return a->stack;
	case ADDR_CELL:
		return a->cell;
	}
	return NULL;
}

struct addr addr_parent(const struct addr *a)
{
	struct addr p = *a;

	switch (addr_level(a)) {
	case ADDR_ROOT:
	case ADDR_REALM:
		p.realm = NULL;
		break;
	case ADDR_SPACE:
		p.space = NULL;
		break;
	case ADDR_STACK:
		p.stack = NULL;
		break;
	case ADDR_CELL:
		p.cell = NULL;
		break;
	}
	return p;
}

bool addr_within(const struct addr *a, const struct addr *above)
{
	return (str_empty(above->realm) || streq_null(a->realm, above->realm)) &&
	       (str_empty(above->space) || streq_null(a->space, above->space)) &&
	       (str_empty(above->stack) || streq_null(a->stack, above->stack)) &&
	       (str_empty(above->cell) || streq_null(a->cell, above->cell));
}

struct addr addr_child(const struct addr *a, const char *name)
{
	struct addr c = *a;

	switch (addr_level(a)) {
	case ADDR_ROOT:
		c.realm = name;
		break;
	case ADDR_REALM:
		c.space = name;
		break;
	case ADDR_SPACE:
		c.stack = name;
		break;
	case ADDR_STACK:
		c.cell = name;
		break;
	case ADDR_CELL:
		assert(!"a cell has no children");
	}
	return c;
}

/* Append the names that an address has to a directory. */
static char *addr_path(const char *dir, const struct addr *a)
{
	switch (addr_level(a)) {
	case ADDR_ROOT:
		return path_join(dir, NULL);
	case ADDR_REALM:
		return path_join(dir, a->realm, NULL);
	case ADDR_SPACE:
		return path_join(dir, a->realm, a->space, NULL);
	case ADDR_STACK:
		return path_join(dir, a->realm, a->space, a->stack, NULL);
	case ADDR_CELL:
		return path_join(dir, a->realm, a->space, a->stack, a->cell, NULL);
	}
	return NULL;
}

char *addr_text(const struct addr *a)
{
	if (addr_level(a) == ADDR_ROOT)
		return xstrdup("");
	return addr_path(a->realm, &(struct addr){
					   .realm = a->space,
					   .space = a->stack,
					   .stack = a->cell,
				   });
}

char *layout_object(const struct layout *l, const struct addr *a, enum object_file what)
{
	cleanup_free char *data = path_join(l->run_path, run_files_[RUN_DATA], NULL);
	cleanup_free char *dir = addr_path(data, a);

	assert(what > 0 && what < _OBJECT_FILE_MAX);
	assert(object_levels_[what] == ADDR_ROOT || object_levels_[what] == addr_level(a));
	if (what == OBJECT_DIR)
		return take_ptr(dir);
	assert(addr_level(a) != ADDR_ROOT);
	return path_join(dir, object_files_[what], NULL);
}

char *layout_cell_id(const struct layout *l, const struct addr *stack, const char *id)
{
	cleanup_free char *dir = layout_object(l, stack, OBJECT_DIR);
	cleanup_free char *name = xasprintf(".id-%s", id);

	assert(addr_level(stack) == ADDR_STACK && !str_empty(id));
	return path_join(dir, name, NULL);
}

char *layout_attachment(const struct layout *l, const struct addr *cell, const char *start_id)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	cleanup_free char *dir = layout_object(l, &space, SPACE_ATTACHMENTS);
	cleanup_free char *name = NULL;

	assert(addr_level(cell) == ADDR_CELL && !str_empty(start_id));
	name = xasprintf("%s_%s_%s.json", cell->stack, cell->cell, start_id);
	return path_join(dir, name, NULL);
}

char *layout_container(const struct layout *l, const struct addr *cell, const char *container,
		       enum container_file what)
{
	cleanup_free char *dir = layout_object(l, cell, OBJECT_DIR);

	assert(addr_level(cell) == ADDR_CELL && !str_empty(container));
	assert(what > 0 && what < _CONTAINER_FILE_MAX);
	if (what == CONTAINER_DIR)
		return path_join(dir, container, NULL);
	return path_join(dir, container, container_files_[what], NULL);
}

char *layout_namespaces(const struct layout *l)
{
	return path_join(l->run_path, "namespaces", NULL);
}

char *layout_ns(const struct layout *l, const char *ns, enum ns_dir what, const char *name)
{
	cleanup_free char *dir = layout_namespaces(l);

	assert(!str_empty(ns) && what > 0 && what < _NS_DIR_MAX);
	if (what == NS_DIR) {
		assert(!name);
		return path_join(dir, ns, NULL);
	}
	return path_join(dir, ns, ns_dirs_[what], name, NULL);
}

char *layout_run(const struct layout *l, enum run_file what)
{
	assert(what > 0 && what < _RUN_FILE_MAX);
	return path_join(l->run_path, run_files_[what], NULL);
}

char *layout_lock(const struct layout *l, const struct addr *a, const char *file)
{
	cleanup_free char *locks = layout_run(l, RUN_LOCKS);
	cleanup_free char *dir = addr_path(locks, a);

	return path_join(dir, file, NULL);
}

char *layout_lock_content(const struct layout *l, const char *family, const char *ns,
			  const char *file)
{
	assert(!str_empty(ns) && !str_empty(file));
	return path_join(l->run_path, run_files_[RUN_LOCKS], family, ns, file, NULL);
}

char *layout_lock_to_rt(const struct layout *l, const char *lock_path)
{
	cleanup_free char *locks = layout_run(l, RUN_LOCKS);

	assert(str_has_prefix(lock_path, locks));
	return path_join(l->runtime_dir, rt_files_[RT_INTENTS], lock_path + strlen(locks) + 1,
			 NULL);
}

char *layout_rt(const struct layout *l, enum rt_file what)
{
	assert(what > 0 && what < _RT_FILE_MAX);
	return path_join(l->runtime_dir, rt_files_[what], NULL);
}

char *layout_wake(const struct layout *l, const char *name)
{
	return path_join(l->runtime_dir, rt_files_[RT_WAKE_DIR], name, NULL);
}

char *layout_start(const struct layout *l, const struct addr *cell, const char *start_id,
		   const char *what)
{
	cleanup_free char *cells = layout_rt(l, RT_CELLS);
	cleanup_free char *dir = addr_path(cells, cell);

	assert((addr_level(cell) == ADDR_CELL || !start_id) && (start_id || !what));
	return path_join(dir, start_id, what, NULL);
}

char *layout_rt_container(const struct layout *l, const char *ns, const char *id,
			  enum rt_container_file what)
{
	cleanup_free char *dir = layout_rt(l, RT_CONTAINERS);

	assert(!str_empty(ns) && what > 0 && what < _RTC_FILE_MAX);
	assert(what == RTC_DIR || !str_empty(id));
	if (what == RTC_DIR)
		return path_join(dir, ns, id, NULL);
	return path_join(dir, ns, id, rt_container_files_[what], NULL);
}

char *layout_runc_root(const struct layout *l, const char *ns)
{
	cleanup_free char *dir = layout_rt(l, RT_RUNC);

	return path_join(dir, ns, NULL);
}
