/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "str.h"
#include "way.h"

void way_init(struct way *w, const char *path, size_t max)
{
	*w = (struct way){ .left = xstrdup(path), .max = max };
}

void way_clear(struct way *w)
{
	free_p(&w->left);
}

enum way_part way_next(struct way *w, char **ret_name)
{
	const char *at = w->left;
	enum way_part part = WAY_END;
	size_t n = 0;
	char *rest;

	do {
		at += n;
		at += strspn(at, "/");
		n = strcspn(at, "/");
	} while (n == 1 && at[0] == '.');
	if (n > 0)
		part = n == 2 && at[0] == '.' && at[1] == '.' ? WAY_UP : WAY_DOWN;
	*ret_name = part == WAY_DOWN ? xstrndup(at, n) : NULL;
	rest = xstrdup(at + n);
	free(w->left);
	w->left = rest;
	return part;
}

bool way_is_last(const struct way *w)
{
	return w->left[strspn(w->left, "/")] == '\0';
}

int way_follow(struct way *w, const char *target)
{
	char *left;

	if (++w->links > WAY_LINKS_MAX)
		return -ELOOP;
	if (strlen(target) + 1 + strlen(w->left) > w->max)
		return -ENAMETOOLONG;
	left = xasprintf("%s/%s", target, w->left);
	free(w->left);
	w->left = left;
	return target[0] == '/';
}
