/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "configuration.h"
#include "daemon.h"
#include "fd.h"
#include "lock.h"
#include "locks.h"
#include "mem.h"
#include "path.h"
#include "store.h"
#include "str.h"

/* Return the pid in the pid file, 0 if the file is missing or malformed. */
static pid_t read_pid(const struct layout *l)
{
	cleanup_free char *path = layout_rt(l, RT_PID);
	cleanup_buf struct buf text = BUF_INIT(64);
	cleanup_free char *word = NULL;
	uint64_t pid;

	if (file_read_at(AT_FDCWD, path, 64, &text, NULL) < 0)
		return 0;
	word = str_trim(buf_str(&text));
	if (str_to_u64(word, 1, INT32_MAX, &pid) < 0)
		return 0;
	return (pid_t) pid;
}

static int take_instance_lock(const struct layout *l, struct kerr *err)
{
	const struct lock_id id = lock_id_instance();
	cleanup_free char *path = lock_id_path(l, &id);
	cleanup_free char *dir = path_dirname(path);
	struct kerr why = { 0 };
	pid_t pid;
	int r;

	r = mkdir_p(l->run_path, 0755, err);
	if (r >= 0)
		r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	r = lock_file_at(AT_FDCWD, path, LOCK_FILE_TRY, &why);
	if (r != -EWOULDBLOCK) {
		if (r < 0 && err)
			*err = why;
		return r;
	}
	pid = read_pid(l);
	if (pid > 0)
		return kerr_plain(err, -EBUSY, "already running (pid %d)", (int) pid);
	return kerr_plain(err, -EBUSY, "already running");
}

/* Return whether any container in dir (containers/<ns>) has a running monitor. */
static bool any_monitor(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		cleanup_free char *monitor = path_join(dir, e->d_name, "monitor", NULL);

		found = e->d_name[0] != '.' && lock_file_held(AT_FDCWD, monitor) > 0;
	}
	if (d)
		(void) closedir(d);
	return found;
}

static bool runtime_dir_busy(const char *runtime_dir)
{
	const struct layout old = { .runtime_dir = (char *) (uintptr_t) runtime_dir };
	cleanup_free char *dir = layout_rt(&old, RT_CONTAINERS);
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		cleanup_free char *ns = path_join(dir, e->d_name, NULL);

		found = e->d_name[0] != '.' && any_monitor(ns);
	}
	if (d)
		(void) closedir(d);
	return found;
}

/* Running cells have their pins and sockets in the recorded runtime directory. */
static int settle_runtime_dir(const struct layout *l, struct instance *have, struct kerr *err)
{
	if (str_empty(have->runtime_dir) || streq(have->runtime_dir, l->runtime_dir))
		return 0;
	if (runtime_dir_busy(have->runtime_dir))
		return kerr_plain(err, -EINVAL,
				  "cells of '%s' are running with socket directory '%s': stop "
				  "them before changing it to '%s'",
				  l->run_path, have->runtime_dir, l->runtime_dir);
	free_p(&have->runtime_dir);
	have->runtime_dir = xstrdup(l->runtime_dir);
	return instance_save(l, have, err);
}

static int settle_instance(const struct layout *l, const struct engine_config *config,
			   int64_t *ret_gid, struct kerr *err)
{
	cleanup_(instance_clear) struct instance want = { 0 };
	cleanup_(instance_clear) struct instance have = { 0 };
	int r;

	want.namespace_suffix =
		xstrdup(str_empty(config->suffix) ? CONF_DEFAULT_SUFFIX : config->suffix);
	want.cgroup_root = xstrdup(str_empty(config->cgroup_root) ? CONF_DEFAULT_CGROUP_ROOT
								  : config->cgroup_root);
	want.runtime_dir = xstrdup(l->runtime_dir);
	r = instance_check(l, &want, &have, err);
	if (r < 0)
		return r;
	r = settle_runtime_dir(l, &have, err);
	if (r < 0)
		return r;
	*ret_gid = have.socket_gid.set ? have.socket_gid.v : -1;
	return 0;
}

int daemon_claim(const struct engine_config *config, struct daemon_claim *ret, struct kerr *err)
{
	cleanup_(layout_clear) struct layout l = { 0 };
	cleanup_fd int lock_fd = -EBADF;
	int r;

	assert(config->run_path && config->runtime_dir);
	layout_init(&l, config->run_path, config->runtime_dir);
	lock_fd = take_instance_lock(&l, err);
	if (lock_fd < 0)
		return lock_fd;
	r = settle_instance(&l, config, &ret->socket_gid, err);
	if (r < 0)
		return r;
	ret->lock_fd = take_fd(lock_fd);
	ret->pid_file = layout_rt(&l, RT_PID);
	ret->wake_dir = layout_rt(&l, RT_WAKE_DIR);
	ret->wake_socket = layout_rt(&l, RT_WAKE_SOCKET);
	ret->spool_dir = xstrdup(l.run_path);
	return 0;
}

void daemon_release(struct daemon_claim *c)
{
	fd_close_p(&c->lock_fd);
	free_p(&c->pid_file);
	free_p(&c->wake_dir);
	free_p(&c->wake_socket);
	free_p(&c->spool_dir);
}

int daemon_running(const char *run_path, const char *runtime_dir, pid_t *ret_pid)
{
	cleanup_(layout_clear) struct layout l = { 0 };
	const struct lock_id id = lock_id_instance();
	int r;

	layout_init(&l, run_path, runtime_dir);
	r = locks_held_elsewhere(&l, &id);
	if (r > 0)
		*ret_pid = read_pid(&l);
	return r;
}
