/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "fd.h"
#include "lock.h"
#include "locks.h"
#include "mem.h"
#include "path.h"
#include "sha256.h"
#include "str.h"
#include "vec.h"

enum {
	LOCKS_DIR_MODE = 0700 /* a user who can open a lock file could hold the lock */
};

struct held {
	enum lock_level level;
	char *path;
	int fd;
};

struct locks {
	const struct layout *layout;
	struct held *held;
	size_t n;
};

struct lock_id lock_id_instance(void)
{
	return (struct lock_id){ .level = LOCK_INSTANCE };
}

struct lock_id lock_id_object(const struct addr *a)
{
	static const enum lock_level levels[] = {
		[ADDR_REALM] = LOCK_REALM,
		[ADDR_SPACE] = LOCK_SPACE,
		[ADDR_STACK] = LOCK_STACK,
		[ADDR_CELL] = LOCK_CELL,
	};

	assert(addr_level(a) != ADDR_ROOT);
	return (struct lock_id){ .level = levels[addr_level(a)], .addr = *a };
}

struct lock_id lock_id_plugins(void)
{
	return (struct lock_id){ .level = LOCK_PLUGINS };
}

struct lock_id lock_id_leases(const struct addr *space)
{
	assert(addr_level(space) >= ADDR_SPACE);
	return (struct lock_id){
		.level = LOCK_LEASES,
		.addr = { .realm = space->realm, .space = space->space },
	};
}

struct lock_id lock_id_firewall(void)
{
	return (struct lock_id){ .level = LOCK_FIREWALL };
}

struct lock_id lock_id_image(const char *ns, const char *name)
{
	return (struct lock_id){ .level = LOCK_IMAGE, .ns = ns, .name = name };
}

struct lock_id lock_id_chain(const char *ns, const char *hex)
{
	return (struct lock_id){ .level = LOCK_CHAIN, .ns = ns, .name = hex };
}

struct lock_id lock_id_blob(const char *ns, const char *hex)
{
	return (struct lock_id){ .level = LOCK_BLOB, .ns = ns, .name = hex };
}

char *lock_id_path(const struct layout *l, const struct lock_id *id)
{
	char hex[SHA256_HEX];

	switch (id->level) {
	case LOCK_INSTANCE:
		return layout_lock(l, &(struct addr){ 0 }, ".instance");
	case LOCK_REALM:
	case LOCK_SPACE:
	case LOCK_STACK:
	case LOCK_CELL:
		return layout_lock(l, &id->addr, ".lock");
	case LOCK_PLUGINS:
		return layout_lock(l, &(struct addr){ 0 }, ".plugins");
	case LOCK_LEASES:
		return layout_lock(l, &id->addr, ".leases");
	case LOCK_FIREWALL:
		return layout_lock(l, &(struct addr){ 0 }, ".firewall");
	case LOCK_IMAGE:
		assert(id->name);
		/* Image names contain slashes and may be longer than a file name. */
		sha256_hex_of(id->name, strlen(id->name), hex);
		return layout_lock_content(l, ".images", id->ns, hex);
	case LOCK_CHAIN:
		return layout_lock_content(l, ".chains", id->ns, id->name);
	case LOCK_BLOB:
		return layout_lock_content(l, ".blobs", id->ns, id->name);
	case _LOCK_LEVEL_MAX:
		break;
	}
	assert(!"a lock without a level");
	return NULL;
}

struct locks *locks_new(const struct layout *l)
{
	struct locks *t = xcalloc(1, sizeof(*t));

	t->layout = l;
	return t;
}

/* Index of the held lock with this path, or -1. */
static ssize_t held_index(const struct locks *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (streq(t->held[i].path, path))
			return (ssize_t) i;
	return -1;
}

static void held_close(struct held *h)
{
	fd_close_p(&h->fd);
	free_p(&h->path);
}

void locks_drop_all(struct locks *t)
{
	/* Innermost first, so that a parent is never seen free while a child is held. */
	for (size_t i = t->n; i > 0; i--)
		held_close(&t->held[i - 1]);
	free_p(&t->held);
	t->n = 0;
}

void locks_forget(struct locks *t)
{
	/* flock(2) goes with the last copy of the descriptor: closing ours releases nothing. */
	locks_drop_all(t);
}

struct locks *locks_free(struct locks *t)
{
	if (!t)
		return NULL;
	locks_drop_all(t);
	free(t);
	return NULL;
}

/* Assert the lock order (locks.h): downwards, and none twice. */
static void check_order(const struct locks *t, enum lock_level level, const char *path,
			enum locks_flags flags)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct held *h = &t->held[i];

		assert(!streq(h->path, path));
		assert(h->level <= level);
		assert(h->level < level || (flags & LOCKS_TRY) || strcmp(h->path, path) < 0);
		(void) h;
	}
	(void) level;
	(void) path;
	(void) flags;
}

/* Open and lock; creates the directories on first use. */
static int open_locked(const struct layout *l, const char *path, enum locks_flags flags,
		       struct kerr *err)
{
	enum lock_mode mode = (flags & LOCKS_TRY) ? LOCK_FILE_TRY : LOCK_FILE_WAIT;
	cleanup_free char *dir = NULL;
	struct kerr tmp = { 0 };
	int r;

	if (flags & LOCKS_SHARED)
		mode |= LOCK_FILE_SHARED;
	r = lock_file_at(AT_FDCWD, path, mode, &tmp);
	if (r == -ENOENT) {
		dir = path_dirname(path);
		/* The run path itself stays readable for others, unlike locks/. */
		r = mkdir_p(l->run_path, 0755, err);
		if (r >= 0)
			r = mkdir_p(dir, LOCKS_DIR_MODE, err);
		if (r < 0)
			return r;
		r = lock_file_at(AT_FDCWD, path, mode, &tmp);
	}
	if (r < 0 && r != -EWOULDBLOCK && err)
		*err = tmp;
	return r;
}

int locks_take(struct locks *t, const struct lock_id *id, enum locks_flags flags, struct kerr *err)
{
	cleanup_free char *path = lock_id_path(t->layout, id);
	struct held *h;
	int fd;

	check_order(t, id->level, path, flags);
	fd = open_locked(t->layout, path, flags, err);
	if (fd < 0)
		return fd;
	h = vec_grow(&t->held, &t->n, sizeof(*h));
	h->level = id->level;
	h->path = take_ptr(path);
	h->fd = fd;
	return 0;
}

void locks_drop(struct locks *t, const struct lock_id *id)
{
	cleanup_free char *path = lock_id_path(t->layout, id);
	ssize_t i = held_index(t, path);

	assert(i >= 0);
	held_close(&t->held[i]);
	memmove(&t->held[i], &t->held[i + 1], (t->n - (size_t) i - 1) * sizeof(t->held[0]));
	t->n--;
}

int locks_fd(const struct locks *t, const struct lock_id *id)
{
	cleanup_free char *path = lock_id_path(t->layout, id);
	ssize_t i = held_index(t, path);

	assert(i >= 0);
	return t->held[i].fd;
}

bool locks_held(const struct locks *t, const struct lock_id *id)
{
	cleanup_free char *path = lock_id_path(t->layout, id);

	return held_index(t, path) >= 0;
}

int locks_take_path(struct locks *t, const struct addr *a, enum locks_flags flags, struct kerr *err)
{
	struct addr parent = addr_parent(a);
	struct lock_id id = lock_id_object(a);
	int r;

	if (addr_level(&parent) != ADDR_ROOT) {
		r = locks_take_path(t, &parent, flags | LOCKS_SHARED, err);
		if (r < 0)
			return r;
	}
	r = locks_take(t, &id, flags, err);
	if (r < 0 && addr_level(&parent) != ADDR_ROOT)
		locks_drop_path(t, &parent);
	return r;
}

void locks_drop_path(struct locks *t, const struct addr *a)
{
	struct addr at = *a;

	for (; addr_level(&at) != ADDR_ROOT; at = addr_parent(&at)) {
		struct lock_id id = lock_id_object(&at);

		locks_drop(t, &id);
	}
}

int locks_held_elsewhere(const struct layout *l, const struct lock_id *id)
{
	cleanup_free char *path = lock_id_path(l, id);

	return lock_file_held(AT_FDCWD, path);
}
