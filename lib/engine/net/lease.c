/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fd.h"
#include "lease.h"
#include "mem.h"
#include "network.h"
#include "path.h"
#include "scope.h"
#include "str.h"

/*
 * A lease is an entry of the directory .leases whose name says it all:
 *
 *     <ip>_<stack>_<cell>            a cell of the space
 *     <ip>_<stack>_<cell>_<space>    a cell of another space that has joined this one
 *
 * (no name of an object contains "_"). So one reading of the directory finds a cell's lease
 * and the free addresses, however many there are. Most entries are empty files; what a cell
 * has beside its own name is the text of a symbolic link, read only where it is needed:
 *
 *     alias/alias//network/network
 *
 * Creating, renaming and removing an entry is atomic, so the lock is all that is needed for
 * an address to have one holder. Earlier versions wrote <ip> -> <stack>/<cell>: such
 * entries are read, and written anew with the next change of a lease of the space.
 */
#define LEASE_NEXT ".next" /* an entry on its way to its name; only under the lock */
#define LEASE_RECORD_MAX 4096 /* with the NUL: a symbolic link is at most a page long */

_Static_assert(KUKE_MAX_ALIASES + 2 + KUKE_MAX_NETWORKS * (KUKE_MAX_NAME + 1) < LEASE_RECORD_MAX,
	       "what a cell may have fits into its lease");

struct entry {
	uint32_t addr;
	char *name; /* of the file */
	const char *names; /* in it, after the address; NULL: an entry of an earlier version */
	/*
	 * Whose it is: there once split_names was called, or for an entry of an earlier version.
	 * stack NULL then: damaged, the address stays reserved.
	 */
	char *text; /* where these are */
	const char *stack, *cell, *space;
	bool old; /* of an earlier version */
	bool plain; /* an empty file: nothing to read */
};

struct leases {
	int dirfd; /* -EBADF: no directory, no leases */
	struct entry *v; /* by address; of an address, the old one last */
	size_t n;
};

static void leases_clear(struct leases *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].text);
	}
	free(l->v);
	fd_close_p(&l->dirfd);
	*l = (struct leases){ .dirfd = -EBADF };
}

#define cleanup_leases cleanup_(leases_clear)

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int) x->old - (int) y->old;
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

static void parse_old(int dirfd, struct entry *en)
{
	char target[2 * KUKE_MAX_NAME + 2];
	ssize_t n = readlinkat(dirfd, en->name, target, sizeof(target) - 1);
	char *at;

	en->old = true;
	if (n <= 0 || !memchr(target, '/', (size_t) n))
		return;
	target[n] = '\0';
	at = en->text = xstrdup(target);
	en->stack = strsep(&at, "/");
	en->cell = at;
}

/* Most of a thousand entries are read for their address alone. */
static void split_names(struct entry *en)
{
	const char *stack, *cell;
	char *at;

	if (!en->names || en->text)
		return;
	at = en->text = xstrdup(en->names);
	stack = strsep(&at, "_");
	cell = strsep(&at, "_");
	if (str_empty(stack) || str_empty(cell) || (at && (!at[0] || strchr(at, '_'))))
		return;
	en->stack = stack;
	en->cell = cell;
	en->space = at;
}

static void add_entry(struct leases *l, const struct dirent *de)
{
	size_t n = strcspn(de->d_name, "_");
	char ip[IPV4_TEXT_MAX];
	struct entry *en;
	uint32_t addr;

	if (n >= sizeof(ip))
		return;
	memcpy(ip, de->d_name, n);
	ip[n] = '\0';
	if (ipv4_parse(ip, &addr) < 0)
		return;
	en = vec_grow(&l->v, &l->n, sizeof(*l->v));
	en->addr = addr;
	en->name = xstrdup(de->d_name);
	en->plain = de->d_type == DT_REG;
	if (de->d_name[n])
		en->names = en->name + n + 1;
	else
		parse_old(l->dirfd, en);
}

/* A missing directory is an empty list. *ret is cleared by the caller. */
static int read_leases(const char *dir, struct leases *ret, struct kerr *err)
{
	cleanup_(closedir_p) DIR *d = opendir(dir);
	struct dirent *de;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return kerr_set(err, -errno, "open '%s'", dir);
	ret->dirfd = fcntl(dirfd(d), F_DUPFD_CLOEXEC, 3);
	if (ret->dirfd < 0)
		return kerr_set(err, -errno, "open '%s'", dir);
	while ((de = readdir(d)) != NULL)
		add_entry(ret, de);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_entries);
	return 0;
}

/* ---- holders ---- */

static struct addr lease_space(const struct lease_holder *h)
{
	const char *space = h->space ? h->space : h->cell.space;

	return (struct addr){ .realm = h->cell.realm, .space = space };
}

/* The space by which an entry names the cell; NULL in the cell's own. */
static const char *guest_of(const struct lease_holder *h)
{
	return h->space && !streq(h->space, h->cell.space) ? h->cell.space : NULL;
}

static char *entry_name(uint32_t addr, const char *stack, const char *cell, const char *space)
{
	char ip[IPV4_TEXT_MAX];

	return xasprintf("%s_%s_%s%s%s", ipv4_text(addr, ip), stack, cell, space ? "_" : "",
			 space ? space : "");
}

static char *holder_name(const struct lease_holder *h, uint32_t addr)
{
	return entry_name(addr, h->cell.stack, h->cell.cell, guest_of(h));
}

static char *lease_dir(const struct engine *e, const struct lease_holder *h)
{
	struct addr space = lease_space(h);

	return layout_object(&e->layout, &space, SPACE_LEASES);
}

static bool skip_word(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool is_of(const struct entry *en, const struct lease_holder *h)
{
	const char *at = en->names, *guest = guest_of(h);

	if (at)
		return skip_word(&at, h->cell.stack) && skip_word(&at, "_") &&
		       skip_word(&at, h->cell.cell) &&
		       (!guest || (skip_word(&at, "_") && skip_word(&at, guest))) && !at[0];
	return en->stack && streq(en->stack, h->cell.stack) && streq(en->cell, h->cell.cell) &&
	       streq_null(en->space, guest);
}

static const struct entry *find_holder(const struct leases *l, const struct lease_holder *h)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_of(&l->v[i], h))
			return &l->v[i];
	return NULL;
}

/* ---- records ---- */

static void add_words(struct buf *b, const struct strlist *words)
{
	for (size_t i = 0; words && i < words->n; i++)
		buf_addf(b, "%s%s", i ? "/" : "", words->v[i]);
}

/* The text of the link; "" where the lease is an empty file. */
static char *record_of(const struct lease_holder *h)
{
	struct buf b = BUF_INIT(LEASE_RECORD_MAX - 1);

	add_words(&b, h->aliases);
	if (h->networks && h->networks->n) {
		buf_adds(&b, "//");
		add_words(&b, h->networks);
	}
	return buf_take(&b);
}

static void read_record(int dirfd, const char *name, char ret[LEASE_RECORD_MAX])
{
	ssize_t n = readlinkat(dirfd, name, ret, LEASE_RECORD_MAX - 1);

	ret[n > 0 ? n : 0] = '\0'; /* EINVAL: an empty file */
}

static void split_record(char *record, struct lease *ret)
{
	struct strlist *to = &ret->aliases;
	char *at = record;

	for (char *word = strsep(&at, "/"); word; word = strsep(&at, "/")) {
		if (word[0])
			strlist_add(to, word);
		else /* of "//": twice where there are no aliases */
			to = &ret->networks;
	}
}

static int make_entry(int dirfd, const char *name, const char *record)
{
	cleanup_fd int fd = -EBADF;

	if (record[0])
		return symlinkat(record, dirfd, name) < 0 ? -errno : 0;
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : 0;
}

static int lease_error(int dirfd, const char *name, int r, struct kerr *err)
{
	cleanup_free char *fd = xasprintf("/proc/self/fd/%d", dirfd);
	char dir[PATH_MAX];
	ssize_t n = readlink(fd, dir, sizeof(dir) - 1);

	dir[n > 0 ? n : 0] = '\0';
	return kerr_set(err, r, "lease '%s/%s'", dir, name);
}

static int create_entry(int dirfd, const char *name, const char *record, struct kerr *err)
{
	int r = make_entry(dirfd, name, record);

	return r < 0 ? lease_error(dirfd, name, r, err) : 0;
}

/* 1 changed, 0 it says so. */
static int set_record(int dirfd, const char *name, const char *record, struct kerr *err)
{
	char have[LEASE_RECORD_MAX];
	int r;

	read_record(dirfd, name, have);
	if (streq(have, record))
		return 0;
	(void) unlinkat(dirfd, LEASE_NEXT, 0); /* of a process that was killed here */
	r = make_entry(dirfd, LEASE_NEXT, record);
	if (r == 0 && renameat(dirfd, LEASE_NEXT, dirfd, name) < 0)
		r = -errno;
	return r < 0 ? lease_error(dirfd, name, r, err) : 1;
}

/*
 * Give an entry of an earlier version its present form. If the process is killed in
 * between, both are there and say the same.
 */
static int renew_entry(struct leases *l, struct entry *en, struct kerr *err)
{
	cleanup_free char *name = entry_name(en->addr, en->stack, en->cell, NULL);
	int r = make_entry(l->dirfd, name, "");

	if (r == 0 || r == -EEXIST)
		r = unlinkat(l->dirfd, en->name, 0) < 0 && errno != ENOENT ? -errno : 0;
	if (r < 0)
		return lease_error(l->dirfd, name, r, err);
	free(en->name);
	en->name = take_ptr(name); /* whose it is stands in the text of before */
	en->old = false;
	en->plain = true;
	return 0;
}

static int renew_all(struct leases *l, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (l->v[i].old && l->v[i].stack)
			r = renew_entry(l, &l->v[i], err);
	return r;
}

/* ---- taking ---- */

/* Find the lowest free address, excluding those of the subnet, the gateway and broadcast. */
static int free_addr(const struct leases *l, const struct space_net *net, uint32_t *ret)
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

static int no_address(const struct lease_holder *h, const struct space_net *net, struct kerr *err)
{
	char subnet[IPV4_NET_TEXT_MAX];

	return kerr_plain(err, -ENOSPC,
			  "space \"%s\" has no free address: all %u of its subnet %s are held; "
			  "delete cells that are in it",
			  lease_space(h).space, ipv4_last(net->subnet) - net->gateway - 1,
			  ipv4_net_text(net->subnet, subnet));
}

static int take_locked(struct leases *l, const struct lease_holder *h, const struct space_net *net,
		       uint32_t *ret, struct kerr *err)
{
	cleanup_free char *record = record_of(h);
	cleanup_free char *name = NULL;
	uint32_t a;
	int r = renew_all(l, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		if (!is_of(&l->v[i], h) || !ipv4_contains(net->subnet, l->v[i].addr))
			continue;
		r = set_record(l->dirfd, l->v[i].name, record, err);
		if (r < 0)
			return r;
		*ret = l->v[i].addr;
		return 0;
	}
	r = free_addr(l, net, &a);
	if (r < 0)
		return no_address(h, net, err);
	name = holder_name(h, a);
	r = create_entry(l->dirfd, name, record, err);
	if (r == 0)
		*ret = a;
	return r;
}

/* The space of a cell exists while the cell's lock is held; one that it joins may not. */
static int space_exists(struct engine *e, const struct lease_holder *h, struct kerr *err)
{
	struct addr space = lease_space(h);

	return guest_of(h) ? store_exists(&e->layout, &space, err) : 1;
}

static int no_space(const struct lease_holder *h, struct kerr *err)
{
	struct addr space = lease_space(h);

	return kerr_plain(err, -EINVAL, "space \"%s\" to join not found in realm \"%s\"",
			  space.space, space.realm);
}

static int make_dir(struct engine *e, const struct lease_holder *h, struct kerr *err)
{
	cleanup_free char *dir = lease_dir(e, h);
	int r = space_exists(e, h, err); /* a space is deleted under the lock of its leases */

	if (r == 0)
		return no_space(h, err);
	if (r > 0)
		r = mkdir_p(dir, 0750, err);
	return r < 0 ? r : 0;
}

enum take_flags {
	TAKE_MAKE = 1 << 0, /* make the directory if it is missing */
};

/*
 * Lock the leases, and read them; then the lock is held. 1, without the lock: there is no
 * such space, so no leases.
 */
static int take_leases(struct engine *e, const struct lease_holder *h, enum take_flags flags,
		       struct leases *ret, struct kerr *err)
{
	struct addr space = lease_space(h);
	struct lock_id lock = lock_id_leases(&space);
	cleanup_free char *dir = lease_dir(e, h);
	int r;

	r = space_exists(e, h, err); /* before the lock, whose file would be created */
	if (r == 0)
		return flags & TAKE_MAKE ? no_space(h, err) : 1;
	if (r < 0)
		return r;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = flags & TAKE_MAKE ? make_dir(e, h, err) : 0;
	if (r == 0)
		r = read_leases(dir, ret, err);
	if (r < 0)
		locks_drop(e->locks, &lock);
	return r;
}

static void drop_lock(struct engine *e, const struct lease_holder *h)
{
	struct addr space = lease_space(h);
	struct lock_id lock = lock_id_leases(&space);

	locks_drop(e->locks, &lock);
}

int lease_take(struct engine *e, const struct lease_holder *h, const struct space_net *net,
	       uint32_t *ret, struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	int r = take_leases(e, h, TAKE_MAKE, &all, err);

	if (r < 0)
		return r;
	r = take_locked(&all, h, net, ret, err);
	drop_lock(e, h);
	return r;
}

int lease_find(struct engine *e, const struct lease_holder *h, uint32_t *ret)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	cleanup_free char *dir = lease_dir(e, h);
	const struct entry *have;
	int r;

	r = read_leases(dir, &all, NULL);
	if (r < 0)
		return r;
	have = find_holder(&all, h);
	if (!have)
		return -ENOENT;
	*ret = have->addr;
	return 0;
}

bool lease_stands(struct engine *e, const struct lease_holder *h, uint32_t addr)
{
	cleanup_free char *dir = lease_dir(e, h);
	cleanup_free char *name = holder_name(h, addr);
	cleanup_free char *file = path_join(dir, name, NULL);
	cleanup_free char *record = record_of(h);
	char have[LEASE_RECORD_MAX];
	ssize_t n = readlink(file, have, sizeof(have) - 1);

	if (n < 0)
		return errno == EINVAL && !record[0];
	have[n] = '\0';
	return streq(have, record);
}

/* Whether the address is held: then the cell does not get it. */
static bool is_held(const struct leases *l, uint32_t addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].addr == addr)
			return true;
	return false;
}

static int keep_locked(struct leases *l, const struct lease_holder *h, uint32_t addr,
		       struct kerr *err)
{
	cleanup_free char *record = record_of(h);
	cleanup_free char *name = holder_name(h, addr);
	const struct entry *have;
	int r = renew_all(l, err);

	if (r < 0)
		return r;
	have = find_holder(l, h);
	if (have)
		return set_record(l->dirfd, have->name, record, err);
	if (is_held(l, addr))
		return 0;
	r = create_entry(l->dirfd, name, record, err);
	return r < 0 ? r : 1;
}

int lease_keep(struct engine *e, const struct lease_holder *h, uint32_t addr, struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	int r;

	if (lease_stands(e, h, addr))
		return 0;
	r = take_leases(e, h, TAKE_MAKE, &all, err);
	if (r < 0)
		return r;
	r = keep_locked(&all, h, addr, err);
	drop_lock(e, h);
	return r;
}

int lease_tell(struct engine *e, const struct lease_holder *h, struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	cleanup_free char *record = record_of(h);
	const struct entry *have;
	int r = take_leases(e, h, 0, &all, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = renew_all(&all, err);
	have = r == 0 ? find_holder(&all, h) : NULL;
	if (have)
		r = set_record(all.dirfd, have->name, record, err);
	drop_lock(e, h);
	return r;
}

int lease_joined(struct engine *e, const struct addr *cell, struct strlist *ret, struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	struct lease_holder h = { .cell = *cell };
	cleanup_free char *dir = lease_dir(e, &h);
	char record[LEASE_RECORD_MAX];
	const struct entry *have;
	struct lease l = { 0 };
	int r;

	strlist_clear(ret);
	r = read_leases(dir, &all, err);
	have = r == 0 ? find_holder(&all, &h) : NULL;
	if (!have || have->old)
		return r;
	read_record(all.dirfd, have->name, record);
	split_record(record, &l);
	strlist_clear(&l.aliases);
	*ret = l.networks;
	return 0;
}

/* The name alone is what counts: it may have been given to a directory. */
static int remove_entry(int dirfd, const char *name, struct kerr *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR && unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return 0;
	return lease_error(dirfd, name, -errno, err);
}

int lease_drop(struct engine *e, const struct lease_holder *h, struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	int r = take_leases(e, h, 0, &all, err);

	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (is_of(&all.v[i], h))
			r = remove_entry(all.dirfd, all.v[i].name, err);
	drop_lock(e, h);
	return r;
}

/* An entry of an earlier version whose present form was written, but not removed. */
static bool is_double(const struct leases *l, size_t i)
{
	return i > 0 && l->v[i].old && l->v[i - 1].addr == l->v[i].addr;
}

int lease_each(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
	       struct kerr *err)
{
	cleanup_leases struct leases all = { .dirfd = -EBADF };
	cleanup_free char *dir = layout_object(&e->layout, space, SPACE_LEASES);
	char record[LEASE_RECORD_MAX];
	int r = read_leases(dir, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct entry *en = &all.v[i];
		struct lease l = { .addr = en->addr };

		split_names(en);
		l.space = en->space;
		l.stack = en->stack;
		l.cell = en->cell;
		if (!en->stack || is_double(&all, i))
			continue;
		if (!en->plain && !en->old) {
			read_record(all.dirfd, en->name, record);
			split_record(record, &l);
		}
		fn(ctx, &l);
		strlist_clear(&l.aliases);
		strlist_clear(&l.networks);
	}
	return r;
}
