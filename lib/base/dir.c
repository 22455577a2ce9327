/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>

#include "dir.h"
#include "vec.h"

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
