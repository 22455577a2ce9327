/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_doctor.h"
#include "cgroup_host.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"

static const char *const status_names[] = {
	[CGROUP_STATUS_ENABLED] = "enabled",
	[CGROUP_STATUS_KERNEL_MISSING] = "kernel-missing",
	[CGROUP_STATUS_NEEDS_DELEGATION] = "needs-delegation",
	[CGROUP_STATUS_ENABLED_BY_PROBE] = "enabled-by-probe",
	[CGROUP_STATUS_NOT_DELEGATED] = "not-delegated",
	[CGROUP_STATUS_THREADED_SUBTREE] = "threaded-subtree",
	[CGROUP_STATUS_INTERNAL_PROCESS] = "internal-process",
	[CGROUP_STATUS_PERMISSION_DENIED] = "permission-denied",
};
_Static_assert(ARRAY_SIZE(status_names) == _CGROUP_STATUS_MAX, "a status without a name");

static const char *const required_controllers[] = { "cpu", "memory", "io", "pids" };
static const char *const threaded_controllers[] = { "cpu", "cpuset", "perf_event", "pids" };

const char *cgroup_status_name(enum cgroup_status s)
{
	assert(s >= CGROUP_STATUS_ENABLED && s < _CGROUP_STATUS_MAX);
	return status_names[s];
}

static bool is_threaded_dir(const char *dir)
{
	cleanup_strlist struct strlist type = { 0 };

	if (cgroup_read_words(dir, "cgroup.type", &type) < 0 || type.n == 0)
		return false; /* the root has no such file */
	return streq(type.v[type.n - 1], "threaded"); /* "threaded", "domain threaded" */
}

static bool can_be_threaded(const char *controller)
{
	for (size_t i = 0; i < ARRAY_SIZE(threaded_controllers); i++)
		if (streq(controller, threaded_controllers[i]))
			return true;
	return false;
}

static enum cgroup_status probe(const char *dir, const char *controller)
{
	cleanup_free char *file = path_join(dir, "cgroup.subtree_control", NULL);
	cleanup_free char *plus = xasprintf("+%s", controller);
	int r;

	r = sys_write(AT_FDCWD, file, plus);
	if (r >= 0)
		return CGROUP_STATUS_ENABLED_BY_PROBE;
	if (r == -EBUSY)
		return CGROUP_STATUS_INTERNAL_PROCESS;
	if (r == -EACCES || r == -EPERM)
		return CGROUP_STATUS_PERMISSION_DENIED;
	if (r == -EOPNOTSUPP && is_threaded_dir(dir) && !can_be_threaded(controller))
		return CGROUP_STATUS_THREADED_SUBTREE;
	return CGROUP_STATUS_NOT_DELEGATED;
}

static int read_list(const char *dir, const char *file, struct strlist *ret, struct kerr *err)
{
	int r;

	r = cgroup_read_words(dir, file, ret);
	if (r < 0)
		return kerr_set(err, r, "cgroup pre-flight: read %s/%s", dir, file);
	return 0;
}

int cgroup_check_dir(const char *dir, enum cgroup_check_flags flags, struct cgroup_check **ret,
		     size_t *ret_n, struct kerr *err)
{
	cleanup_strlist struct strlist have = { 0 }, enabled = { 0 }, required = { 0 };
	struct cgroup_check *v = NULL, *c;
	size_t i, n = 0;
	int r;

	r = read_list(dir, "cgroup.controllers", &have, err);
	if (r == 0)
		r = read_list(dir, "cgroup.subtree_control", &enabled, err);
	if (r < 0)
		return r;
	if (flags & CGROUP_CHECK_ALL)
		strlist_copy(&required, &have);
	else
		for (i = 0; i < ARRAY_SIZE(required_controllers); i++)
			strlist_add(&required, required_controllers[i]);
	for (i = 0; i < required.n; i++) {
		c = vec_grow(&v, &n, sizeof(*v));
		c->controller = xstrdup(required.v[i]);
		if (strlist_has(&enabled, c->controller))
			c->status = CGROUP_STATUS_ENABLED;
		else if (!strlist_has(&have, c->controller))
			c->status = CGROUP_STATUS_KERNEL_MISSING;
		else if (flags & CGROUP_CHECK_PROBE)
			c->status = probe(dir, c->controller);
		else
			c->status = CGROUP_STATUS_NEEDS_DELEGATION;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

void cgroup_checks_free(struct cgroup_check *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].controller);
	free(v);
}

bool cgroup_is_bare_root(const char *dir)
{
	cleanup_buf struct buf own = BUF_INIT(64 << 10);
	uint64_t populated;
	int r;

	r = sys_read(AT_FDCWD, "/proc/self/cgroup", &own);
	if (r < 0 || !streq(buf_str(&own), "0::/\n"))
		return false;
	r = cgroup_read_key(dir, "cgroup.events", "populated", &populated);
	return r == 0 && populated == 1;
}
