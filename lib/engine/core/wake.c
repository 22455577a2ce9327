/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "scope.h"
#include "shim_proto.h"
#include "str.h"
#include "wake.h"

char *wake_key(const struct addr *cell)
{
	return xasprintf("%s_%s_%s_%s", cell->realm, cell->space, cell->stack, cell->cell);
}

int wake_parse(char *key, struct addr *ret)
{
	const char **to[] = { &ret->realm, &ret->space, &ret->stack, &ret->cell };

	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		*to[i] = strsep(&key, "_");
		if (str_empty(*to[i]))
			return -EINVAL;
	}
	return key || scope_check(ret, ADDR_CELL, 0, NULL) < 0 ? -EINVAL : 0;
}

void wake_ask(struct engine *e, const struct addr *cell)
{
	cleanup_free char *key = wake_key(cell);
	cleanup_free char *path = layout_wake(&e->layout, key);
	cleanup_fd int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file >= 0)
		wake_look(e);
}

void wake_look(struct engine *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	cleanup_fd int dir = -EBADF, sock = -EBADF;

	dir = open(e->layout.runtime_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dir < 0 || sock < 0)
		return;
	/* Through /proc/self/fd: the path may be longer than sun_path. */
	(void) snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/" SHIM_SOCK_WAKE, dir);
	(void) sendto(sock, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &to,
		      sizeof(to)); /* on failure the file remains and is found later */
}

void wake_take(struct engine *e, struct strlist *ret)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_WAKE_DIR);
	DIR *d = opendir(dir);
	struct dirent *de;

	if (!d)
		return;
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		strlist_add(ret, de->d_name);
		(void) unlinkat(dirfd(d), de->d_name, 0);
	}
	(void) closedir(d);
	strlist_sort(ret);
}
