/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "atomic.h"
#include "container_tty.h"
#include "emit_json.h"
#include "fd.h"
#include "helper.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "sha256.h"
#include "str.h"
#include "tty_proto.h"
#include "vec.h"

enum {
	CONFIG_MAX = 4 << 20,
	SOCKET_MODE = 0660,
	CAPTURE_MODE = 0640,
	LINK_DIGITS = 16,
	SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *) 0)->sun_path) - 1, /* 107 */
};

int container_tty_find(const struct container_run *run, struct spec_tty *ret, struct kerr *err)
{
	struct spec_tty tty = { 0 };
	int r = helper_path("kuketty", &tty.program, err);

	if (r < 0)
		return r;
	tty.dir = layout_container(&run->e->layout, &run->cell, run->name, CONTAINER_TTY_DIR);
	tty.config = layout_container(&run->e->layout, &run->cell, run->name, CONTAINER_TTY_CONFIG);
	*ret = tty;
	return 0;
}

/* ---- what kuketty is told ---- */

static void key_str(struct jemit *j, const char *key, const char *value)
{
	jemit_key(j, key);
	jemit_str(j, value == NULL ? "" : value);
}

static void key_i64(struct jemit *j, const char *key, int64_t value)
{
	jemit_key(j, key);
	jemit_i64(j, value);
}

/* A file that the group of kukeond's socket may use, if there is one. */
static void emit_file(struct jemit *j, const struct container_run *run, const char *const keys[3],
		      const char *path, mode_t mode)
{
	bool group = run->e->socket_gid > 0;

	key_str(j, keys[0], path);
	key_i64(j, keys[1], group ? mode : 0600);
	if (group)
		key_i64(j, keys[2], run->e->socket_gid);
}

static void emit_files(struct jemit *j, const struct container_run *run)
{
	static const char *const capture[] = { "captureFile", "captureMode", "captureGid" };
	static const char *const log[] = { "logFile", "logFileMode", "logFileGid" };
	static const char *const sock[] = { "socketIO", "socketMode", "socketGid" };
	const struct container_tty *tty = run->spec->tty;

	key_str(j, "runPath", TTY_DIR);
	emit_file(j, run, capture, TTY_DIR "/" TTY_FILE_CAPTURE, CAPTURE_MODE);
	emit_file(j, run, log, tty == NULL ? "" : tty->log_file, CAPTURE_MODE);
	key_str(j, "logLevel", "info");
	emit_file(j, run, sock, TTY_DIR "/" TTY_FILE_SOCKET, SOCKET_MODE);
}

/* What the server's configuration says; kuketty has its own defaults. */
static void emit_settings(struct jemit *j, const struct engine *e)
{
	if (e->capture_max_bytes > 0)
		key_i64(j, "captureMaxBytes", e->capture_max_bytes);
	if (e->capture_files > 0)
		key_i64(j, "captureFiles", e->capture_files);
	if (!str_empty(e->terminal_size))
		key_str(j, "sizePolicy", e->terminal_size);
}

static void emit_stages(struct jemit *j, const struct container_tty *tty)
{
	jemit_key(j, "stages");
	jemit_object(j);
	if (tty != NULL && tty->on_init.n > 0) {
		jemit_key(j, "onInit");
		jemit_array(j);
		for (size_t i = 0; i < tty->on_init.n; i++) {
			jemit_object(j);
			key_str(j, "script", tty->on_init.v[i].script);
			jemit_object_end(j);
		}
		jemit_array_end(j);
	}
	jemit_object_end(j);
}

static void emit_labels(struct jemit *j, const struct container_run *run)
{
	jemit_key(j, "labels");
	jemit_object(j);
	key_str(j, "kukeon.io/cell", run->cell.cell);
	key_str(j, "kukeon.io/container-id", run->name);
	key_str(j, "kukeon.io/realm", run->cell.realm);
	key_str(j, "kukeon.io/space", run->cell.space);
	key_str(j, "kukeon.io/stack", run->cell.stack);
	jemit_object_end(j);
}

/* The same members in the same order as upstream's terminals have them. */
static void emit_spec(struct jemit *j, const struct container_run *run, const struct strlist *args)
{
	const struct container_tty *tty = run->spec->tty;
	const char *prompt = tty == NULL ? "" : tty->prompt;

	jemit_object(j);
	key_str(j, "id", run->name);
	key_i64(j, "kind", 0);
	key_str(j, "name", run->name);
	emit_labels(j, run);
	key_str(j, "command", args->v[0]);
	jemit_key(j, "commandArgs");
	jemit_array(j);
	for (size_t i = 1; i < args->n; i++)
		jemit_str(j, args->v[i]);
	jemit_array_end(j);
	jemit_key(j, "inheritEnv");
	jemit_bool(j, true);
	jemit_key(j, "env");
	jemit_null(j);
	key_str(j, "prompt", prompt);
	if (!str_empty(prompt)) {
		jemit_key(j, "setPrompt");
		jemit_bool(j, true);
	}
	emit_files(j, run);
	emit_settings(j, run->e);
	key_str(j, "profileName", "");
	emit_stages(j, tty);
	jemit_object_end(j);
}

static int build_config(const struct container_run *run, const struct spec_input *in,
			struct buf *out, struct kerr *err)
{
	cleanup_strlist struct strlist args = { 0 };
	struct jemit j;
	int r = spec_args(in, &args, err);

	if (r < 0)
		return r;
	jemit_init(&j, out, 0);
	jemit_object(&j);
	key_str(&j, "apiVersion", "sbsh/v1beta1");
	key_str(&j, "kind", "Terminal");
	jemit_key(&j, "metadata");
	jemit_object(&j);
	key_str(&j, "name", run->name);
	jemit_object_end(&j);
	jemit_key(&j, "spec");
	emit_spec(&j, run, &args);
	jemit_object_end(&j);
	return buf_check(out, "what the terminal is told", err);
}

/* ---- the directory ---- */

/*
 * What an earlier run left under another user: the socket goes, the history changes hands.
 * Only what is a regular file under one name alone; the rest is the container's affair.
 */
static int take_over(int dir, const struct user_ids *user, struct kerr *err)
{
	char name[32];
	struct stat st;

	(void) unlinkat(dir, TTY_FILE_SOCKET, 0); /* kuketty does it as well, if it may */
	for (int i = 0; i < TTY_CAPTURE_FILES_MAX; i++) {
		cleanup_fd int fd = -EBADF;

		(void) snprintf(name, sizeof(name), i == 0 ? "%s" : "%s.%d", TTY_FILE_CAPTURE, i);
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
		    st.st_uid != user->uid &&
		    fchownat(fd, "", user->uid, (gid_t) -1, AT_EMPTY_PATH) < 0)
			return kerr_set(err, -errno, "give '%s' to the container", name);
	}
	return 0;
}

/*
 * Files made in it get its group by the set-group-ID bit, so the container need not be in
 * the group. Others cannot reach it: the directory above is the host's.
 */
static int make_dir(const struct container_run *run, const struct user_ids *user, struct kerr *err)
{
	cleanup_free char *path =
		layout_container(&run->e->layout, &run->cell, run->name, CONTAINER_TTY_DIR);
	bool group = run->e->socket_gid > 0;
	gid_t gid = group ? (gid_t) run->e->socket_gid : user->gid;
	cleanup_fd int dir = -EBADF;
	int r;

	r = mkdir_p(run->log_dir, 0750, err);
	if (r < 0)
		return r;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "make '%s'", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return kerr_set(err, -errno, "open '%s'", path);
	if (fchown(dir, user->uid, gid) < 0 || fchmod(dir, group ? 02750 : 0700) < 0)
		return kerr_set(err, -errno, "give '%s' to the container", path);
	return take_over(dir, user, err);
}

int container_tty_make(const struct container_run *run, const struct spec_input *in,
		       const struct user_ids *user, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(CONFIG_MAX);
	int r;

	r = build_config(run, in, &text, err);
	if (r == 0)
		r = make_dir(run, user, err);
	if (r == 0)
		r = atomic_write_at(AT_FDCWD, in->tty->config, buf_str(&text), text.len, 0600,
				    ATOMIC_WRITE_NOSYNC, err);
	if (r == 0 && lchown(in->tty->config, user->uid, user->gid) < 0)
		r = kerr_set(err, -errno, "give '%s' to the container", in->tty->config);
	return r;
}

/* ---- attaching ---- */

/* s/<16 digits> in the runtime directory: a link to a socket whose path is too long. */
static char *link_path(const struct container_run *run)
{
	cleanup_free char *name = xasprintf("%s_%s_%s_%s_%s", run->cell.realm, run->cell.space,
					    run->cell.stack, run->cell.cell, run->name);
	cleanup_free char *dir = layout_rt(&run->e->layout, RT_SOCKETS);
	char hex[SHA256_HEX];

	sha256_hex_of(name, strlen(name), hex);
	hex[LINK_DIGITS] = '\0';
	return path_join(dir, hex, NULL);
}

static bool links_to(const char *link, const char *target)
{
	char now[4096];
	ssize_t n = readlink(link, now, sizeof(now));

	return n > 0 && (size_t) n == strlen(target) && memcmp(now, target, (size_t) n) == 0;
}

static int make_link(const char *link, const char *target, struct kerr *err)
{
	cleanup_free char *dir = path_dirname(link);
	cleanup_free char *fresh = xasprintf("%s.%d", link, (int) getpid());
	int r;

	if (strlen(link) > SOCKET_PATH_MAX)
		return kerr_plain(err, -ENAMETOOLONG,
				  "the path of the terminal's socket is longer than a socket's may "
				  "be, and so is that of a link to it: '%s'; use a run path or a "
				  "socket with a shorter path",
				  link);
	if (links_to(link, target))
		return 0;
	(void) unlink(fresh); /* of a process that had our number */
	do {
		r = mkdir_p(dir, 0755, err);
		if (r < 0)
			return r;
		r = symlink(target, fresh) < 0 || rename(fresh, link) < 0 ? -errno : 0;
	} while (r == -ENOENT); /* it was the last one that another process has removed */
	return r < 0 ? kerr_set(err, r, "make '%s'", link) : 0;
}

/* The directories above the container's are the host's own; members of the group pass them. */
static bool open_way(const struct container_run *run, const char *tty_dir, gid_t gid)
{
	cleanup_free char *data = layout_run(&run->e->layout, RUN_DATA);
	char *dir = path_dirname(tty_dir);
	bool ok = true;
	struct stat st;
	char *above;

	while (ok && strlen(dir) >= strlen(data)) {
		ok = lstat(dir, &st) == 0 &&
		     (st.st_gid == gid || lchown(dir, (uid_t) -1, gid) == 0);
		above = path_dirname(dir);
		free(dir);
		dir = above;
	}
	free(dir);
	return ok;
}

/* Other programs of the container's user can change the modes; a start sets them again. */
static void heal_modes(const struct container_run *run, const char *path)
{
	cleanup_free char *dir_path = path_dirname(path);
	cleanup_fd int dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	gid_t gid = (gid_t) run->e->socket_gid;
	cleanup_fd int fd = -EBADF;
	char self[32];
	struct stat st;

	if (dir < 0 || run->e->socket_gid <= 0)
		return;
	fd = openat(dir, TTY_FILE_SOCKET, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_nlink != 1)
		return;
	(void) snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (!open_way(run, dir_path, gid) || fchown(dir, (uid_t) -1, gid) < 0 ||
	    fchmod(dir, 02750) < 0 || fchownat(fd, "", (uid_t) -1, gid, AT_EMPTY_PATH) < 0 ||
	    chmod(self, SOCKET_MODE) < 0) /* of what is open, whatever its name leads to */
		log_wrn("cannot open the terminal to the group of kukeond's socket", "container",
			run->id);
}

int container_tty_socket(const struct container_run *run, char **ret, struct kerr *err)
{
	cleanup_free char *path =
		layout_container(&run->e->layout, &run->cell, run->name, CONTAINER_TTY_SOCKET);
	cleanup_free char *link = link_path(run);
	int r;

	heal_modes(run, path);
	if (strlen(path) <= SOCKET_PATH_MAX) {
		*ret = take_ptr(path);
		return 0;
	}
	r = make_link(link, path, err);
	if (r == 0)
		*ret = take_ptr(link);
	return r;
}

void container_tty_forget(const struct container_run *run)
{
	cleanup_free char *link = link_path(run);
	cleanup_free char *dir = path_dirname(link);

	if (unlink(link) == 0) /* most have none */
		(void) rmdir(dir); /* others may have theirs there */
}
