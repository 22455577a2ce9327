/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mem.h"
#include "model.h"
#include "naming.h"
#include "str.h"

/*
 * Names of kukeon's own files beside the directories of child objects, and of files
 * that the kernel creates there.
 */
static const char *const reserved_names[] = {
	"credentials.json",	 "etc-hostname",  "etc-hosts",
	"kuketty-metadata.json", "metadata.json", "network.json",
	"network.conflist",	 "release_agent", "tasks",
};

static const char *const reserved_prefixes[] = {
	"blkio.",   "cgroup.",	"cpu.", "cpuacct.", "cpuset.", "debug.", "devices.", "dmem.",
	"freezer.", "hugetlb.", "io.",	"irq.",	    "memory.", "misc.",	 "pids.",    "rdma.",
};

static bool name_reserved(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved_names); i++)
		if (streq(name, reserved_names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(reserved_prefixes); i++)
		if (str_has_prefix(name, reserved_prefixes[i]))
			return true;
	return false;
}

static bool has_control(const char *s)
{
	const unsigned char *p;

	for (p = (const unsigned char *) s; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f))
			return true;
	return false;
}

/* The fault of a non-empty name, as the end of a sentence; NULL if it is valid. */
static const char *name_fault(const char *name)
{
	if (strpbrk(name, "_/") != NULL)
		return "contains disallowed character (must not contain '_' or '/')";
	if (strchr(name, '\\') != NULL || has_control(name))
		return "contains disallowed character (must not contain '\\' or control characters)";
	if (!utf8_valid(name, strlen(name)))
		return "is not valid UTF-8";
	if (streq(name, ".") || streq(name, ".."))
		return "is not allowed (must not be '.' or '..')";
	if (name[0] == '.')
		return "is not allowed (must not start with '.')";
	if (strlen(name) > KUKE_MAX_NAME)
		return "is too long (must not exceed 63 bytes)";
	if (name_reserved(name))
		return "is reserved (files of that name belong to kukeon or to the kernel)";
	return NULL;
}

int validate_name(enum kind kind, const char *name, struct kerr *err)
{
	cleanup_free char *trimmed = str_trim(name);
	cleanup_buf struct buf shown = BUF_INIT(1024);
	const struct kind_info *info = kind_info(kind);
	const char *fault;
	size_t len = strlen(trimmed);

	assert(info != NULL);
	if (len == 0 && kind == KIND_REALM)
		return kerr_plain(err, -EINVAL, "realm name is required");
	if (len == 0)
		return kerr_plain(err, -EINVAL, "name is invalid: %s name is required", info->word);
	fault = name_fault(trimmed);
	if (fault == NULL)
		return 0;
	str_vis(&shown, trimmed, len <= 2 * KUKE_MAX_NAME ? len : 2 * KUKE_MAX_NAME);
	if (kind == KIND_REALM)
		return kerr_plain(err, -EINVAL, "realm name is invalid: \"%s\" %s", buf_str(&shown),
				  fault);
	return kerr_plain(err, -EINVAL, "name is invalid: %s name \"%s\" %s", info->word,
			  buf_str(&shown), fault);
}
