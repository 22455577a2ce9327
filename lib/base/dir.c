/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>

#include "dir.h"
#include "vec.h"

int dir_list(const char *dir, struct strlist *ret)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	int r = 0;

	strlist_clear(ret);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (errno = 0, (de = readdir(d)) != NULL)
		if (de->d_name[0] != '.')
			strlist_add(ret, de->d_name);
	if (errno != 0)
		r = -errno;
	(void) closedir(d);
	strlist_sort(ret);
	return r;
}

void dir_names(const char *dir, struct strlist *ret)
{
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d)) != NULL)
		if (de->d_name[0] != '.' && !strlist_has(ret, de->d_name))
			strlist_add(ret, de->d_name);
	if (d)
		(void) closedir(d);
	strlist_sort(ret);
}
