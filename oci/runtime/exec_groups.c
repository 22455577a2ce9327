/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cgroup.h"
#include "exec_groups.h"
#include "fd.h"
#include "mem.h"
#include "str.h"

enum {
	CGROUP_TEXT_MAX = 64 << 10,
};

void exec_groups_clear(struct exec_groups *g)
{
	fd_close_p(&g->cgroup);
	fd_close_p(&g->monitors);
	cgroup_close_procs(g->procs, g->n_procs);
	cgroup_close_procs(g->monitor_procs, g->n_monitor_procs);
	g->n_procs = g->n_monitor_procs = 0;
}

char *exec_current_cgroup(const char *text, const char *group)
{
	size_t n = strlen(group);

	for (const char *line = text; *line != '\0'; line += line[0] != '\0') {
		size_t len = strcspn(line, "\n");

		if (str_has_prefix(line, "0::") && len >= 3 + n &&
		    strncmp(line + 3, group, n) == 0 &&
		    (line[3 + n] == '/' || line[3 + n] == '\n' || line[3 + n] == '\0')) {
			cleanup_free char *found = xstrndup(line + 3, len - 3);

			if (strstr(found, "/..") == NULL)
				return take_ptr(found);
		}
		line += len;
	}
	return xstrdup(group);
}

static int open_group(const struct cgroup_host *host, const char *group, int *ret, struct kerr *err)
{
	cleanup_free char *dir = cgroup_v2_dir(host, group);

	*ret = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? kerr_set(err, -errno, "open '%s'", dir) : 0;
}

static int open_container(const struct cgroup_host *host, const char *cgroup, pid_t init,
			  struct exec_groups *ret, struct kerr *err)
{
	cleanup_free char *path = xasprintf("/proc/%d/cgroup", (int) init);
	cleanup_buf struct buf text = BUF_INIT(CGROUP_TEXT_MAX);
	cleanup_free char *group = NULL;

	if (host->mode != CGROUP_MODE_V2)
		return cgroup_open_procs(host, cgroup, ret->procs, &ret->n_procs, err);
	if (sys_read(AT_FDCWD, path, &text) < 0)
		return kerr_plain(err, -ESRCH, "the container has ended");
	group = exec_current_cgroup(buf_str(&text), cgroup);
	return open_group(host, group, &ret->cgroup, err);
}

int exec_groups_open(const struct cgroup_host *host, const char *cgroup, const char *monitors,
		     pid_t init, struct exec_groups *ret, struct kerr *err)
{
	int r = init > 0 ? open_container(host, cgroup, init, ret, err) : 0;

	if (r < 0)
		return r;
	if (host->mode == CGROUP_MODE_V2)
		return open_group(host, monitors, &ret->monitors, err);
	return cgroup_open_procs(host, monitors, ret->monitor_procs, &ret->n_monitor_procs, err);
}
