/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "secrets.h"
#include "str.h"

/* ---- sources ---- */

static int bad_file(const char *what, size_t i, const char *name, const char *file, int r,
		    struct kerr *err)
{
	return kerr_plain(err, r, "secret fromFile %s (secrets[%zu] \"%s\" fromFile \"%s\")", what,
			  i, name, file);
}

/*
 * Symbolic links are followed: the operator chose the path. Only regular files, whose
 * size is bounded.
 */
static int read_file(const char *file, size_t i, const char *name, struct buf *ret,
		     struct kerr *err)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return bad_file("path does not exist on the host", i, name, file, -ENOENT, err);
	if (fd < 0 || fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "open secret '%s' (secrets[%zu] \"%s\")", file, i,
				name);
	if (!S_ISREG(st.st_mode))
		return bad_file("is not a regular file", i, name, file, -EINVAL, err);
	r = buf_read_fd(ret, fd, NULL);
	if (r == -E2BIG)
		return bad_file("is larger than 1 MiB", i, name, file, r, err);
	return r < 0 ? kerr_set(err, r, "read secret '%s' (secrets[%zu] \"%s\")", file, i, name)
		     : 0;
}

static int read_env(const char *env, size_t i, const char *name, struct buf *ret, struct kerr *err)
{
	const char *value = getenv(env);

	if (value == NULL)
		return kerr_plain(err, -ENOENT,
				  "secret fromEnv env var is not set on the daemon host "
				  "(secrets[%zu] \"%s\" fromEnv \"%s\")",
				  i, name, env);
	buf_adds(ret, value);
	return buf_check(ret, "a secret", err);
}

/* Variables are part of the runtime spec, which is JSON: values must be UTF-8 without NUL. */
static int check_variable(const struct buf *value, size_t i, const char *name, struct kerr *err)
{
	if (memchr(buf_str(value), '\0', value->len) == NULL &&
	    utf8_valid(buf_str(value), value->len))
		return 0;
	return kerr_plain(err, -EINVAL,
			  "secret is not UTF-8 text: mount it as a file (mountPath) "
			  "(secrets[%zu] \"%s\")",
			  i, name);
}

static int resolve_one(const struct container_secret *from, size_t i, const char *dir,
		       struct spec_secret *to, struct buf *value, struct kerr *err)
{
	cleanup_free char *name = str_trim(from->name);
	cleanup_free char *file = str_trim(from->from_file);
	cleanup_free char *env = str_trim(from->from_env);
	cleanup_free char *target = str_trim(from->mount_path);
	int r;

	r = file[0] != '\0' ? read_file(file, i, name, value, err)
			    : read_env(env, i, name, value, err);
	if (r == 0 && target[0] == '\0')
		r = check_variable(value, i, name, err);
	if (r < 0)
		return r;
	to->name = take_ptr(name);
	if (target[0] == '\0') {
		to->value = buf_str(value);
	} else {
		to->mount_path = take_ptr(target);
		to->file = xasprintf("%s/%zu", dir, i);
	}
	return 0;
}

int secrets_resolve(const struct container_spec *c, const char *dir, struct secrets *ret,
		    struct kerr *err)
{
	cleanup_secrets struct secrets s = { 0 };
	int r;

	s.v = xcalloc(c->secrets.n + 1, sizeof(*s.v));
	s.values = xcalloc(c->secrets.n + 1, sizeof(*s.values));
	for (size_t i = 0; i < c->secrets.n; i++) {
		s.n++;
		buf_init(&s.values[i], SECRET_MAX);
		r = resolve_one(&c->secrets.v[i], i, dir, &s.v[i], &s.values[i], err);
		if (r < 0)
			return r;
	}
	*ret = take_struct(s);
	return 0;
}

int secrets_check(const struct container_spec *c, struct kerr *err)
{
	cleanup_secrets struct secrets s = { 0 };

	return secrets_resolve(c, "", &s, err);
}

/* ---- files ---- */

static int write_one(int dirfd, const char *file, const struct buf *value,
		     const struct user_ids *owner)
{
	cleanup_fd int fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, buf_str(value), value->len);
	if (r == 0 && fchown(fd, owner->uid, owner->gid) < 0)
		r = -errno;
	return r;
}

int secrets_stage(const struct secrets *s, const char *dir, const struct user_ids *owner,
		  struct kerr *err)
{
	cleanup_fd int dirfd = -EBADF;
	int r;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].mount_path == NULL)
			continue;
		if (dirfd < 0) {
			r = mkdir_p(dir, 0700, err);
			if (r < 0)
				return r;
			dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			if (dirfd < 0)
				return kerr_set(err, -errno, "open '%s'", dir);
		}
		r = write_one(dirfd, path_basename(s->v[i].file), &s->values[i], owner);
		if (r < 0)
			return kerr_set(err, r,
					"failed to stage secret file for mount (secrets[%zu] "
					"\"%s\")",
					i, s->v[i].name);
	}
	return 0;
}

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_clear(b);
}

void secrets_clear(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free((char *) (uintptr_t) s->v[i].name);
		free((char *) (uintptr_t) s->v[i].mount_path);
		free((char *) (uintptr_t) s->v[i].file);
		wipe(&s->values[i]);
	}
	free(s->v);
	free(s->values);
	*s = (struct secrets){ 0 };
}
