/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "manifest.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "term.h"

void manifest_clear(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].name);
		buf_clear(&m->v[i].text);
	}
	free(m->v);
	*m = (struct manifest){ 0 };
}

static bool is_url(const char *path)
{
	return strncasecmp(path, "https://", 8) == 0 || strncasecmp(path, "http://", 7) == 0;
}

static bool has_stdin(const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->v[i].name, "-"))
			return true;
	return false;
}

static int add_file(struct manifest *m, const char *path, struct kerr *err)
{
	size_t left = KUKE_MAX_MANIFEST;
	struct manifest_file *f;

	if (streq(path, "-") && has_stdin(m))
		return kerr_plain(err, -EINVAL, "standard input (-f -) can be read only once");
	for (size_t i = 0; i < m->n; i++)
		left -= m->v[i].text.len;
	f = vec_grow(&m->v, &m->n, sizeof(*f));
	f->name = xstrdup(path);
	return cli_read_file(path, left, &f->text, err);
}

static bool is_manifest_name(const char *name)
{
	return name[0] != '.' && (str_has_suffix(name, ".yaml") || str_has_suffix(name, ".yml") ||
				  str_has_suffix(name, ".json"));
}

static void dir_close(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

/* Add the files of a directory that are named like manifests, sorted by name. */
static int add_directory(struct manifest *m, const char *path, struct kerr *err)
{
	cleanup_(dir_close) DIR *d = opendir(path);
	cleanup_strlist struct strlist files = { 0 };
	const struct dirent *e;
	struct stat st;
	int r = 0;

	if (!d)
		return kerr_set(err, -errno, "failed to open file \"%s\": open %s", path, path);
	while ((e = readdir(d)))
		if (is_manifest_name(e->d_name) && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			strlist_add(&files, e->d_name);
	if (files.n == 0)
		return kerr_plain(err, -ENOENT,
				  "no manifests in directory \"%s\" (*.yaml, *.yml, *.json)", path);
	strlist_sort(&files);
	for (size_t i = 0; r == 0 && i < files.n; i++) {
		cleanup_free char *file = path_join(path, files.v[i], NULL);

		r = add_file(m, file, err);
	}
	return r;
}

int manifest_read(const struct cli *c, struct manifest *ret, struct kerr *err)
{
	const struct strlist *paths = cli_list(c, "file");
	cleanup_manifest struct manifest m = { 0 };
	struct stat st;
	int r = 0;

	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		const char *path = paths->v[i];

		if (!*path)
			return kerr_plain(
				err, -EINVAL,
				"file flag is required (use -f <file> or -f - for stdin)");
		if (is_url(path))
			return kerr_plain(err, -EINVAL,
					  "kuke does not fetch manifests: use `curl -fsSL '%s' | "
					  "kuke %s -f -`",
					  path, c->cmd->name);
		if (!streq(path, "-") && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = add_directory(&m, path, err);
		else
			r = add_file(&m, path, err);
	}
	if (r < 0)
		return r;
	*ret = take_struct(m);
	return 0;
}

static struct docstream_source source_of(const struct manifest_file *f)
{
	return (struct docstream_source){ buf_str(&f->text), f->text.len, f->name };
}

int manifest_load(struct cli *c, const struct manifest *m, enum docstream_flags flags,
		  struct docstream *ret, struct kerr *err)
{
	cleanup_free struct docstream_source *v = xcalloc(m->n + 1, sizeof(*v));
	int r;

	for (size_t i = 0; i < m->n; i++)
		v[i] = source_of(&m->v[i]);
	if (cli_bool(c, "strict"))
		flags |= DOCSTREAM_STRICT;
	r = docstream_load_all(v, m->n, flags, ret, err);
	if (r == 0)
		term_err_lines(&ret->warnings);
	return r;
}

int manifest_join(const struct manifest *m, struct buf *out, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n; i++) {
		struct docstream_source v = source_of(&m->v[i]);

		r = docstream_join(out, &v, err);
	}
	return r;
}

int manifest_check(struct cli *c, const struct docstream *docs, enum docstream_style style,
		   struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_MANIFEST);
	int r;

	r = docstream_check(docs, style, &text, err);
	return r < 0 ? cli_fail(c, r, buf_str(&text), err) : 0;
}
