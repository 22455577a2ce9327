/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "fd.h"
#include "lease.h"
#include "mem.h"
#include "network.h"
#include "path.h"
#include "str.h"

/*
 * A lease is a symbolic link .leases/<ip> -> <stack>/<cell>: creating and reading it is
 * atomic, and each address can exist only once. A cell keeps its lease until it is
 * deleted, so its address survives stop and start.
 */
#define LEASE_TARGET_MAX (2 * KUKE_MAX_NAME + 2)

struct lease {
	uint32_t addr;
	char target[LEASE_TARGET_MAX]; /* "<stack>/<cell>" */
};

struct lease_list {
	struct lease *v;
	size_t n;
};

static int cmp_lease(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

/* A missing directory is an empty list. */
static int read_leases(const char *dir, struct lease_list *ret, struct kerr *err)
{
	cleanup_(closedir_p) DIR *d = opendir(dir);
	struct dirent *de;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return kerr_set(err, -errno, "open '%s'", dir);
	while ((de = readdir(d)) != NULL) {
		struct lease l = { 0 };
		ssize_t n;

		if (ipv4_parse(de->d_name, &l.addr) < 0)
			continue;
		n = readlinkat(dirfd(d), de->d_name, l.target, sizeof(l.target) - 1);
		if (n <= 0 || !strchr(l.target, '/'))
			l.target[0] = '\0'; /* damaged: the address stays reserved */
		*(struct lease *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = l;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_lease);
	return 0;
}

static const struct lease *find_target(const struct lease_list *l, const char *target)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].target, target))
			return &l->v[i];
	return NULL;
}

/* Find the lowest free address, excluding those of the subnet, the gateway and broadcast. */
static int free_addr(const struct lease_list *l, const struct space_net *net, uint32_t *ret)
{
	size_t i = 0;

	for (uint32_t a = net->gateway + 1; a < ipv4_last(net->subnet); a++) {
		while (i < l->n && l->v[i].addr < a)
			i++;
		if (i < l->n && l->v[i].addr == a)
			continue;
		*ret = a;
		return 0;
	}
	return -ENOSPC;
}

static char *lease_target(const struct addr *cell)
{
	return xasprintf("%s/%s", cell->stack, cell->cell);
}

static struct addr lease_space(const struct addr *cell)
{
	return (struct addr){ .realm = cell->realm, .space = cell->space };
}

static int take_locked(const char *dir, const char *target, const struct space_net *net,
		       uint32_t *ret, struct kerr *err)
{
	struct lease_list all = { 0 };
	const struct lease *have;
	char name[IPV4_TEXT_MAX];
	int r;

	r = read_leases(dir, &all, err);
	if (r < 0)
		return r;
	have = find_target(&all, target);
	if (have && ipv4_contains(net->subnet, have->addr)) {
		*ret = have->addr;
	} else {
		cleanup_free char *file = NULL;
		uint32_t a;

		r = free_addr(&all, net, &a);
		if (r < 0) {
			(void) kerr_plain(err, r,
					  "no free address on bridge %s; delete cells of the space",
					  net->bridge);
			goto out;
		}
		file = path_join(dir, ipv4_text(a, name), NULL);
		if (symlink(target, file) < 0)
			r = kerr_set(err, -errno, "lease '%s'", file);
		else
			*ret = a;
	}
out:
	free(all.v);
	return r;
}

int lease_take(struct engine *e, const struct addr *cell, const struct space_net *net,
	       uint32_t *ret, struct kerr *err)
{
	struct addr space = lease_space(cell);
	struct lock_id lock = lock_id_leases(&space);
	cleanup_free char *dir = layout_object(&e->layout, &space, SPACE_LEASES);
	cleanup_free char *target = lease_target(cell);
	int r;

	r = mkdir_p(dir, 0750, err);
	if (r < 0)
		return r;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = take_locked(dir, target, net, ret, err);
	locks_drop(e->locks, &lock);
	return r;
}

int lease_find(struct engine *e, const struct addr *cell, uint32_t *ret)
{
	struct addr space = lease_space(cell);
	cleanup_free char *dir = layout_object(&e->layout, &space, SPACE_LEASES);
	cleanup_free char *target = lease_target(cell);
	struct lease_list all = { 0 };
	const struct lease *have;
	int r;

	r = read_leases(dir, &all, NULL);
	if (r < 0)
		return r;
	have = find_target(&all, target);
	if (have)
		*ret = have->addr;
	r = have ? 0 : -ENOENT;
	free(all.v);
	return r;
}

bool lease_holds(struct engine *e, const struct addr *cell, uint32_t addr)
{
	struct addr space = lease_space(cell);
	char text[IPV4_TEXT_MAX], have[LEASE_TARGET_MAX];
	cleanup_free char *file = layout_lease(&e->layout, &space, ipv4_text(addr, text));
	cleanup_free char *target = lease_target(cell);
	ssize_t n = readlink(file, have, sizeof(have));

	return n > 0 && (size_t) n == strlen(target) && memcmp(have, target, (size_t) n) == 0;
}

int lease_keep(struct engine *e, const struct addr *cell, uint32_t addr, struct kerr *err)
{
	struct addr space = lease_space(cell);
	struct lock_id lock = lock_id_leases(&space);
	char text[IPV4_TEXT_MAX];
	cleanup_free char *file = layout_lease(&e->layout, &space, ipv4_text(addr, text));
	cleanup_free char *target = lease_target(cell);
	uint32_t have;
	int r;

	if (lease_holds(e, cell, addr) || lease_find(e, cell, &have) == 0)
		return 0;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	if (symlink(target, file) == 0)
		r = 1;
	else if (errno != EEXIST) /* a damaged lease reserves the address as well */
		r = kerr_set(err, -errno, "lease '%s'", file);
	locks_drop(e->locks, &lock);
	return r;
}

int lease_drop(struct engine *e, const struct addr *cell, struct kerr *err)
{
	struct addr space = lease_space(cell);
	struct lock_id lock = lock_id_leases(&space);
	cleanup_free char *dir = layout_object(&e->layout, &space, SPACE_LEASES);
	cleanup_free char *target = lease_target(cell);
	struct lease_list all = { 0 };
	int r;

	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	(void) read_leases(dir, &all, NULL); /* what cannot be read is swept some other time */
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		char text[IPV4_TEXT_MAX];
		cleanup_free char *file = NULL;

		if (!streq(all.v[i].target, target))
			continue;
		file = layout_lease(&e->layout, &space, ipv4_text(all.v[i].addr, text));
		if (unlink(file) < 0 && errno != ENOENT)
			r = kerr_set(err, -errno, "remove '%s'", file);
	}
	free(all.v);
	locks_drop(e->locks, &lock);
	return r;
}

int lease_each(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
	       struct kerr *err)
{
	cleanup_free char *dir = layout_object(&e->layout, space, SPACE_LEASES);
	struct lease_list all = { 0 };
	int r;

	r = read_leases(dir, &all, err);
	for (size_t i = 0; i < all.n; i++) {
		char *slash = strchr(all.v[i].target, '/');

		if (!slash)
			continue;
		*slash = '\0';
		fn(ctx, all.v[i].addr, all.v[i].target, slash + 1);
	}
	free(all.v);
	return r;
}
