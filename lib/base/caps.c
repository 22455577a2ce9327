/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>

#include "caps.h"
#include "str.h"

#define PREFIX "cap_"

const char *caps_name(int cap, char buf[CAPS_NAME_MAX])
{
	char *name = cap_to_name(cap);

	(void) snprintf(buf, CAPS_NAME_MAX, "%s", name ? name : "");
	(void) cap_free(name);
	for (size_t i = 0; buf[i]; i++)
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] = (char) (buf[i] - 'a' + 'A');
	return buf;
}

int caps_from_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	const size_t n = strlen(PREFIX);
	char name[CAPS_NAME_MAX];
	cap_value_t cap;

	/*
	 * libcap also accepts numbers and ignores what follows a name: check the
	 * characters first
	 */
	if (strlen(s) >= sizeof(name) - n || s[strspn(s, letters)] != '\0')
		return -EINVAL;
	(void) snprintf(name, sizeof(name), PREFIX "%s",
			strncasecmp(s, PREFIX, n) == 0 ? s + n : s);
	return cap_from_name(name, &cap) < 0 || cap >= CAPS_MAX ? -EINVAL : cap;
}

bool caps_in_bounding(int cap)
{
	return cap_get_bound(cap) > 0;
}

static void free_caps(cap_t *c)
{
	(void) cap_free(*c);
}

int caps_keep_only(const int *keep, size_t n, struct kerr *err)
{
	cleanup_(free_caps) cap_t have = cap_get_proc();
	cleanup_(free_caps) cap_t want = cap_init();
	cap_flag_value_t has = CAP_CLEAR;

	if (!have || !want)
		return kerr_set(err, -errno, "read capabilities");
	for (size_t i = 0; i < n; i++)
		if (cap_get_flag(have, keep[i], CAP_PERMITTED, &has) < 0 ||
		    cap_set_flag(want, CAP_PERMITTED, 1, &keep[i], has) < 0 ||
		    cap_set_flag(want, CAP_EFFECTIVE, 1, &keep[i], has) < 0)
			return kerr_set(err, -errno, "choose capability %d", keep[i]);
	/*
	 * Clearing the inheritable set clears the ambient set too; reset it explicitly
	 * all the same.
	 */
	if (cap_set_proc(want) < 0 || cap_reset_ambient() < 0)
		return kerr_set(err, -errno, "drop capabilities");
	return 0;
}
