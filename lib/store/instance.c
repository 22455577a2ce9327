/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "rows.h"
#include "statefile.h"
#include "store.h"
#include "str.h"

enum {
	INSTANCE_MODE = 0640
};

static const struct field instance_rows[] = {
	ROW_STRING(struct instance, namespace_suffix, "containerdNamespaceSuffix",
		   .help = "Suffix of the realms' namespaces."),
	ROW_STRING(struct instance, cgroup_root, "cgroupRoot", .help = "Top of the cgroup tree."),
	ROW_STRING(struct instance, runtime_dir, "runtimeDir", .flags = FIELD_OMIT_EMPTY,
		   .help = "The socket's directory."),
	ROW_NINT(struct instance, socket_gid, "socketGID", .flags = FIELD_OMIT_EMPTY,
		 .help = "Group of the socket."),
};

static const struct model_type instance_type = {
	.name = "Instance",
	.help = "What a run path was made with.",
	TYPE_ROWS(struct instance, instance_rows),
};

void instance_clear(struct instance *i)
{
	model_clear(&instance_type, i);
}

int instance_load(const struct layout *l, struct instance *ret, struct kerr *err)
{
	cleanup_free char *path = layout_run(l, RUN_INSTANCE);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	struct instance i = { 0 };
	struct kerr why = { 0 };
	char reason[KERR_TEXT_MAX];
	int r;

	r = state_read_at(AT_FDCWD, path, KUKE_MAX_RECORD, &text, &why);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r >= 0)
		r = model_read_json(&instance_type, buf_str(&text), text.len, &i, &why);
	if (r < 0)
		return kerr_plain(err, -EINVAL,
				  "read instance file '%s': %s (restore it from a copy, or, if "
				  "containerdNamespaceSuffix, cgroupRoot and socket are set as "
				  "before, remove it: the next start of kukeond writes it again): "
				  "server configuration is invalid",
				  path, kerr_text(&why, reason, sizeof(reason)));
	*ret = i;
	return 0;
}

int instance_save(const struct layout *l, const struct instance *i, struct kerr *err)
{
	cleanup_free char *path = layout_run(l, RUN_INSTANCE);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r;

	r = mkdir_p(l->run_path, 0755, err);
	if (r < 0)
		return r;
	model_emit_json(&text, &instance_type, i, EMIT_INDENT);
	buf_addc(&text, '\n');
	r = buf_check(&text, path, err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, text.data, text.len, INSTANCE_MODE, ATOMIC_WRITE_SUM,
			       err);
}

/* Normalise a cgroup root for comparison: trimmed, without trailing slashes. */
static char *clean_root(const char *s)
{
	char *t = str_trim(s);
	size_t n = strlen(t);

	while (n > 0 && t[n - 1] == '/')
		t[--n] = '\0';
	return t;
}

static int compare(const struct layout *l, const struct instance *have, const struct instance *want,
		   struct kerr *err)
{
	cleanup_free char *suffix = str_trim(have->namespace_suffix);
	cleanup_free char *root = clean_root(have->cgroup_root);
	cleanup_free char *want_suffix = str_trim(want->namespace_suffix);
	cleanup_free char *want_root = clean_root(want->cgroup_root);

	if (streq(suffix, want_suffix) && streq(root, want_root))
		return 0;
	return kerr_plain(err, -EINVAL,
			  "runPath \"%s\" was bootstrapped with containerdNamespaceSuffix=\"%s\" "
			  "cgroupRoot=\"%s\" but the running configuration requests "
			  "containerdNamespaceSuffix=\"%s\" cgroupRoot=\"%s\": kukeon instance "
			  "mismatch",
			  l->run_path, suffix, root, want_suffix, want_root);
}

int instance_check(const struct layout *l, const struct instance *want, struct instance *ret,
		   struct kerr *err)
{
	struct instance have = { 0 };
	int r;

	r = instance_load(l, &have, err);
	if (r == -ENOENT) {
		r = instance_save(l, want, err);
		if (r >= 0)
			model_copy(&instance_type, &have, want);
	} else if (r >= 0) {
		r = compare(l, &have, want, err);
		if (r >= 0 && str_empty(have.runtime_dir) && !str_empty(want->runtime_dir)) {
			free_p(&have.runtime_dir);
			have.runtime_dir = xstrdup(want->runtime_dir);
			r = instance_save(l, &have, err);
		}
	}
	if (r < 0 || !ret) {
		instance_clear(&have);
		return r < 0 ? r : 0;
	}
	instance_clear(ret);
	*ret = have;
	return 0;
}
