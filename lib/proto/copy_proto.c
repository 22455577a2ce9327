/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "copy_proto.h"
#include "mem.h"
#include "str.h"

int copy_body_parse(const struct copy_head *head, const char *body, struct copy_job *ret)
{
	if (head->path < 2 || head->path > COPY_PATH_MAX || head->name < 1 ||
	    head->name > COPY_PATH_MAX || head->n_procs > EXEC_CGROUPS_MAX ||
	    head->n_monitor_procs > EXEC_CGROUPS_MAX || (head->flags & ~_COPY_FLAGS_ALL) != 0)
		return -EBADMSG;
	if (strnlen(body, head->path) != head->path - 1 ||
	    strnlen(body + head->path, head->name) != head->name - 1)
		return -EBADMSG;
	*ret = (struct copy_job){ (enum copy_flags) head->flags, body, body + head->path };
	return 0;
}

char *copy_name(const char *path)
{
	size_t end = strlen(path);
	size_t begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	if ((end - begin == 1 && path[begin] == '.') ||
	    (end - begin == 2 && strncmp(path + begin, "..", 2) == 0))
		return xstrdup("");
	return xstrndup(path + begin, end - begin);
}

bool copy_is_contents(const char *path)
{
	cleanup_free char *name = copy_name(path);

	return str_empty(name);
}
