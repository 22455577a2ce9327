/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "fd.h"
#include "mem.h"
#include "params.h"
#include "path.h"
#include "profiles.h"
#include "str.h"
#include "term.h"

char *profiles_dir(struct kerr *err)
{
	cleanup_free char *dir = str_trim(getenv("KUKE_PROFILES_DIR"));
	const char *home = getenv("HOME");

	if (*dir)
		return take_ptr(dir);
	if (str_empty(home)) {
		(void) kerr_plain(err, -ENOENT,
				  "no directory of profiles: neither KUKE_PROFILES_DIR nor HOME "
				  "is set");
		return NULL;
	}
	return path_join(home, ".kuke", "profiles.d", NULL);
}

/* An empty variable counts as unset, as everywhere. */
static const char *from_env(const char *name)
{
	const char *v = getenv(name);

	return str_empty(v) ? NULL : v;
}

static int read_param_file(const struct cli *c, struct strmap *params, struct kerr *err)
{
	const char *path = cli_str(c, "param-file");
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_MANIFEST);
	cleanup_fd int fd = -EBADF;
	int r;

	if (!*path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		return kerr_set(err, r, "read --param-file \"%s\": open %s", path, path);
	}
	r = buf_read_fd(&text, fd, err);
	if (r == -E2BIG)
		return kerr_wrap(err, r, "read --param-file \"%s\"", path);
	if (r < 0)
		return kerr_set(err, r, "read --param-file \"%s\": read %s", path, path);
	return params_read(params, path, buf_str(&text), text.len, err);
}

static int read_params(const struct cli *c, struct strmap *params, struct kerr *err)
{
	const struct strlist *given = cli_list(c, "param");
	int r = read_param_file(c, params, err);

	for (size_t i = 0; r == 0 && i < given->n; i++)
		r = params_add(params, given->v[i], err);
	return r;
}

int profile_prepare(const struct cli *c, struct cellprofile *ret, struct kerr *err)
{
	cleanup_strmap struct strmap given = { 0 };
	cleanup_strmap struct strmap values = { 0 };
	cleanup_strlist struct strlist warnings = { 0 };
	cleanup_free char *dir = profiles_dir(err);
	int r;

	if (!dir)
		return -ENOENT;
	r = read_params(c, &given, err);
	if (r == 0)
		r = cellprofile_find(dir, cli_str(c, "profile"),
				     cli_bool(c, "strict") ? CELLPROFILE_STRICT : 0, ret, &warnings,
				     err);
	if (r == 0)
		r = cellprofile_resolve(ret, &given, from_env, &values, err);
	if (r == 0)
		r = cellprofile_substitute(ret, &values, err);
	if (r == 0)
		term_err_lines(&warnings);
	return r;
}
