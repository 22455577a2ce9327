/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fd.h"
#include "mem.h"
#include "str.h"
#include "user.h"
#include "vec.h"

enum {
	ID_MAX = 0x7fffffff,
	FIELDS_MAX = 8,
	USER_NAME_SHOWN = 64, /* bytes of a bad name in a message */
};

/* Part of a passwd or group file; not terminated. */
struct piece {
	const char *p;
	size_t n;
};

struct line {
	struct piece field[FIELDS_MAX];
	size_t n;
};

enum passwd_field {
	PASSWD_NAME = 0,
	PASSWD_UID = 2,
	PASSWD_GID = 3,
	PASSWD_FIELDS = 4, /* the number of fields needed */
	PASSWD_HOME = 5,
};

enum group_field {
	GROUP_NAME = 0,
	GROUP_GID = 2,
	GROUP_MEMBERS = 3,
	GROUP_FIELDS = 3,
};

static bool piece_is(struct piece a, const char *s)
{
	return a.n == strlen(s) && memcmp(a.p, s, a.n) == 0;
}

static int piece_id(struct piece a, uint32_t *ret)
{
	uint64_t v = 0;

	if (a.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t) (a.p[i] - '0');
		if (v > ID_MAX)
			return -ERANGE;
	}
	*ret = (uint32_t) v;
	return 0;
}

/* Split the next line at *at into fields. false at the end. */
static bool next_line(struct piece *at, struct line *ret)
{
	const char *end, *colon;
	size_t n;

	if (at->n == 0)
		return false;
	end = memchr(at->p, '\n', at->n);
	n = end == NULL ? at->n : (size_t) (end - at->p);
	ret->n = 0;
	for (colon = at->p; ret->n < FIELDS_MAX; ret->n++) {
		size_t left = n - (size_t) (colon - at->p);
		const char *stop = memchr(colon, ':', left);

		ret->field[ret->n].p = colon;
		ret->field[ret->n].n = stop == NULL ? left : (size_t) (stop - colon);
		if (stop == NULL) {
			ret->n++;
			break;
		}
		colon = stop + 1;
	}
	at->p += n;
	at->n -= n;
	if (at->n > 0) {
		at->p++;
		at->n--;
	}
	return true;
}

/* State of a lookup in the two files. */
struct lookup {
	struct piece passwd, group;
	const char *user; /* "" is root */
	/* the user's name in passwd, for the members of groups; n is 0 if unknown */
	struct piece name;
	bool gid_given;
};

static int bad_user(const struct lookup *l, struct kerr *err, const char *why)
{
	cleanup_buf struct buf shown = BUF_INIT(4096);

	/* Shown as written, since a blank in it may be the error. */
	str_vis(&shown, l->user, strnlen(l->user, USER_NAME_SHOWN));
	if (strlen(l->user) > USER_NAME_SHOWN)
		buf_adds(&shown, "...");
	return kerr_plain(err, -EINVAL, "user '%s': %s", buf_str(&shown), why);
}

/*
 * Find the passwd line by name, or by uid if name is NULL. 1 found, 0 not found, -EINVAL
 * for a malformed line.
 */
static int find_user(struct lookup *l, const char *name, struct user_ids *u)
{
	struct piece at = l->passwd;
	struct line line;
	uint32_t uid, gid;

	while (next_line(&at, &line)) {
		if (line.n < PASSWD_FIELDS || line.field[PASSWD_NAME].n == 0)
			continue;
		if (name != NULL && !piece_is(line.field[PASSWD_NAME], name))
			continue;
		if (piece_id(line.field[PASSWD_UID], &uid) < 0) {
			if (name != NULL)
				return -EINVAL;
			continue;
		}
		if (name == NULL && uid != u->uid)
			continue;
		if (piece_id(line.field[PASSWD_GID], &gid) < 0)
			return -EINVAL;
		u->uid = uid;
		u->gid = gid;
		l->name = line.field[PASSWD_NAME];
		return 1;
	}
	return 0;
}

static int find_group(const struct lookup *l, const char *name, uint32_t *ret)
{
	struct piece at = l->group;
	struct line line;

	while (next_line(&at, &line)) {
		if (line.n < GROUP_FIELDS || !piece_is(line.field[GROUP_NAME], name))
			continue;
		return piece_id(line.field[GROUP_GID], ret) < 0 ? -EINVAL : 1;
	}
	return 0;
}

static bool lists_member(struct piece members, struct piece name)
{
	const char *comma;
	size_t n;

	for (;;) {
		comma = memchr(members.p, ',', members.n);
		n = comma == NULL ? members.n : (size_t) (comma - members.p);
		if (n == name.n && memcmp(members.p, name.p, n) == 0)
			return true;
		if (comma == NULL)
			return false;
		members.p = comma + 1;
		members.n -= n + 1;
	}
}

static int add_group(struct user_ids *u, uint32_t gid)
{
	uint32_t *slot;

	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return 0;
	if (u->n_groups == USER_GROUPS_MAX)
		return -E2BIG;
	slot = vec_grow(&u->groups, &u->n_groups, sizeof(*u->groups));
	*slot = gid;
	return 0;
}

static int add_groups(const struct lookup *l, struct user_ids *u)
{
	struct piece at = l->group;
	struct line line;
	uint32_t gid;
	int r;

	while (l->name.n > 0 && next_line(&at, &line)) {
		if (line.n <= GROUP_MEMBERS || line.field[GROUP_NAME].n == 0 ||
		    !lists_member(line.field[GROUP_MEMBERS], l->name) ||
		    piece_id(line.field[GROUP_GID], &gid) < 0)
			continue;
		r = add_group(u, gid);
		if (r < 0)
			return r;
	}
	return 0;
}

static int resolve_user(struct lookup *l, const char *user, struct user_ids *u, struct kerr *err)
{
	int r;

	if (user[0] == '\0') {
		l->name = (struct piece){ "root", 4 };
		return 0;
	}
	r = piece_id((struct piece){ user, strlen(user) }, &u->uid);
	if (r == -ERANGE)
		return bad_user(l, err, "the uid is out of range");
	if (r == 0) {
		if (find_user(l, NULL, u) < 0)
			return bad_user(l, err, "its line in the image's /etc/passwd is damaged");
		return 0;
	}
	r = find_user(l, user, u);
	if (r < 0)
		return bad_user(l, err, "its line in the image's /etc/passwd is damaged");
	if (r == 0)
		return bad_user(l, err, "no such user in the image's /etc/passwd");
	return 0;
}

static int resolve_group(struct lookup *l, const char *group, struct user_ids *u, struct kerr *err)
{
	int r;

	l->gid_given = true;
	r = piece_id((struct piece){ group, strlen(group) }, &u->gid);
	if (r == -ERANGE)
		return bad_user(l, err, "the gid is out of range");
	if (r == 0)
		return 0;
	r = group[0] == '\0' ? 0 : find_group(l, group, &u->gid);
	if (r < 0)
		return bad_user(l, err, "the group's line in the image's /etc/group is damaged");
	if (r == 0)
		return bad_user(l, err, "no such group in the image's /etc/group");
	return 0;
}

static int resolve(struct lookup *l, enum user_resolve_flags flags, struct user_ids *u,
		   struct kerr *err)
{
	const char *colon = strchr(l->user, ':');
	cleanup_free char *user =
		colon == NULL ? xstrdup(l->user) : xstrndup(l->user, (size_t) (colon - l->user));
	int r;

	if (colon != NULL && strchr(colon + 1, ':') != NULL)
		return bad_user(l, err, "expected USER, USER:GROUP or :GROUP");
	r = resolve_user(l, user, u, err);
	/* "USER:" is the same as USER; ":GROUP" is root with that group. */
	if (r == 0 && colon != NULL && colon[1] != '\0')
		r = resolve_group(l, colon + 1, u, err);
	if (r < 0)
		return r;
	r = add_group(u, u->gid);
	if (r == 0 && !(l->gid_given && (flags & USER_EXACT_GROUP) != 0))
		r = add_groups(l, u);
	return r < 0 ? bad_user(l, err, "too many groups") : 0;
}

int user_resolve_text(const struct buf *passwd, const struct buf *group, const char *user,
		      enum user_resolve_flags flags, struct user_ids *ret, struct kerr *err)
{
	cleanup_user_ids struct user_ids u = { 0 };
	struct lookup l = {
		.passwd = { buf_str(passwd), passwd->len },
		.group = { buf_str(group), group->len },
		.user = user == NULL ? "" : user,
	};
	int r;

	r = resolve(&l, flags, &u, err);
	if (r < 0)
		return r;
	*ret = take_struct(u);
	return 0;
}

/*
 * Read one of the image's files. It is opened with O_PATH first, to check its type
 * without the effects of opening a FIFO or a device.
 */
static int read_file(int rootfd, const char *path, struct buf *ret, struct kerr *err)
{
	cleanup_fd int at = open_in_root(rootfd, path, O_PATH, 0);
	cleanup_fd int fd = -EBADF;
	char self[32];
	struct stat st;
	int r;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	if (at < 0)
		return kerr_set(err, at, "open '/%s' of the image", path);
	if (fstat(at, &st) < 0)
		return kerr_set(err, -errno, "stat '/%s' of the image", path);
	if (!S_ISREG(st.st_mode))
		return kerr_plain(err, -EINVAL, "'/%s' of the image is not a regular file", path);
	if (st.st_size > USER_FILE_MAX)
		return kerr_plain(err, -E2BIG,
				  "'/%s' of the image has %lld bytes, at most %d are allowed", path,
				  (long long) st.st_size, USER_FILE_MAX);
	(void) snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return kerr_set(err, -errno, "open '/%s' of the image", path);
	r = buf_read_fd(ret, fd, err);
	return r < 0 ? kerr_wrap(err, r, "read '/%s' of the image", path) : 0;
}

int user_resolve(int rootfd, const char *user, enum user_resolve_flags flags, struct user_ids *ret,
		 struct kerr *err)
{
	cleanup_buf struct buf passwd = BUF_INIT(USER_FILE_MAX);
	cleanup_buf struct buf group = BUF_INIT(USER_FILE_MAX);
	int r;

	r = read_file(rootfd, "etc/passwd", &passwd, err);
	if (r == 0)
		r = read_file(rootfd, "etc/group", &group, err);
	if (r < 0)
		return r;
	return user_resolve_text(&passwd, &group, user, flags, ret, err);
}

char *user_home_text(const struct buf *passwd, uint32_t uid)
{
	struct piece at = { buf_str(passwd), passwd->len };
	struct line line;
	uint32_t id;

	while (next_line(&at, &line)) {
		if (line.n <= PASSWD_HOME || line.field[PASSWD_NAME].n == 0 ||
		    piece_id(line.field[PASSWD_UID], &id) < 0 || id != uid)
			continue;
		return xstrndup(line.field[PASSWD_HOME].p, line.field[PASSWD_HOME].n);
	}
	return xstrdup("/");
}

int user_home(int rootfd, uint32_t uid, char **ret, struct kerr *err)
{
	cleanup_buf struct buf passwd = BUF_INIT(USER_FILE_MAX);
	int r = read_file(rootfd, "etc/passwd", &passwd, err);

	if (r == 0)
		*ret = user_home_text(&passwd, uid);
	return r;
}

void user_ids_clear(struct user_ids *u)
{
	free(u->groups);
	*u = (struct user_ids){ 0 };
}
