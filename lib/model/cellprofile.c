/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cellprofile.h"
#include "copy.h"
#include "decode.h"
#include "encode.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "params.h"
#include "path.h"
#include "str.h"

#define PROFILE_LABEL "kukeon.io/profile"

void cellprofile_clear(struct cellprofile *p)
{
	free_p(&p->name);
	p->tree = node_free(p->tree);
	model_clear(&profile_doc_type, &p->doc);
}

/* ---- scalars and the references in them ---- */

/* Called for each scalar; a result other than 0 ends the walk and is returned. */
typedef int visit_fn(struct node *scalar, void *arg);

/* Visit every scalar except mapping keys, in document order. Aliases are not followed. */
static int walk(struct node *n, const struct node *skip, visit_fn *fn, void *arg)
{
	int r = 0;

	if (n == NULL || n == skip)
		return 0;
	if (n->kind == NODE_SCALAR)
		return fn(n, arg);
	if (n->kind == NODE_ALIAS)
		return 0;
	for (size_t i = n->kind == NODE_MAP ? 1 : 0; r == 0 && i < n->n;
	     i += n->kind == NODE_MAP ? 2 : 1)
		r = walk(n->items[i], skip, fn, arg);
	return r;
}

/* Length of the ${KEY} at the start of s; 0 if there is none. */
static size_t reference_len(const char *s, size_t n)
{
	const char *close;

	if (n < 4 || s[0] != '$' || s[1] != '{')
		return 0;
	close = memchr(s, '}', n);
	if (close == NULL || !param_name_valid(s + 2, (size_t) (close - s) - 2))
		return 0;
	return (size_t) (close - s) + 1;
}

/* ---- loading ---- */

static bool is_blank(const char *s)
{
	cleanup_free char *t = str_trim(s);

	return *t == '\0';
}

static const struct profile_parameter *find_parameter(const struct profile_spec *spec,
						      const char *name, size_t n)
{
	for (size_t i = 0; i < spec->parameters.n; i++) {
		const char *p = spec->parameters.v[i].name;

		if (p != NULL && strlen(p) == n && memcmp(p, name, n) == 0)
			return &spec->parameters.v[i];
	}
	return NULL;
}

static int check_parameters(const char *path, const struct profile_spec *spec, struct kerr *err)
{
	for (size_t i = 0; i < spec->parameters.n; i++) {
		const struct profile_parameter *p = &spec->parameters.v[i];
		const char *name = p->name == NULL ? "" : p->name;

		if (!param_name_valid(name, strlen(name)))
			return kerr_plain(err, -EINVAL,
					  "profile \"%s\": parameter name \"%s\" must match "
					  "[A-Za-z_][A-Za-z0-9_]*: " PROFILE_INVALID,
					  path, name);
		if (find_parameter(spec, name, strlen(name)) != p)
			return kerr_plain(err, -EINVAL,
					  "profile \"%s\": parameter \"%s\" is declared twice in "
					  "spec.parameters[]: " PROFILE_INVALID,
					  path, name);
	}
	return 0;
}

struct undeclared {
	const struct profile_spec *spec;
	char *name; /* the first one; NULL */
};

static int look_for_undeclared(struct node *scalar, void *arg)
{
	struct undeclared *u = arg;
	size_t len;

	for (size_t i = 0; i<scalar->len; i += len> 0 ? len : 1) {
		len = reference_len(scalar->text + i, scalar->len - i);
		if (len == 0 || find_parameter(u->spec, scalar->text + i + 2, len - 3) != NULL)
			continue;
		u->name = xstrndup(scalar->text + i + 2, len - 3);
		return 1;
	}
	return 0;
}

static int check_references(const char *path, const struct cellprofile *p, struct kerr *err)
{
	struct undeclared u = { .spec = &p->doc.spec };

	if (walk(p->tree, node_path(p->tree, "spec", "parameters", NULL), look_for_undeclared,
		 &u) == 0)
		return 0;
	(void) kerr_plain(err, -EINVAL,
			  "profile \"%s\": references undeclared parameter \"%s\" (declare it in "
			  "spec.parameters[] to fix): " PROFILE_INVALID,
			  path, u.name);
	free(u.name);
	return -EINVAL;
}

static int check_profile(const char *path, const struct cellprofile *p, struct kerr *err)
{
	const struct doc_head *head = &p->doc.head;
	const char *kind = head->kind == NULL ? "" : head->kind;
	int r;

	if (!streq(kind, kind_info(KIND_CELL_PROFILE)->name))
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\" has kind \"%s\", want \"%s\": " PROFILE_INVALID,
				  path, kind, kind_info(KIND_CELL_PROFILE)->name);
	if (is_blank(head->metadata.name))
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\": metadata.name is required: " PROFILE_INVALID,
				  path);
	if (!is_blank(p->doc.spec.cell.id))
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\": spec.cell.id must not be set on a "
				  "CellProfile: " PROFILE_INVALID,
				  path);
	r = check_parameters(path, &p->doc.spec, err);
	return r < 0 ? r : check_references(path, p, err);
}

static int tell_unknown(const char *path, const struct unknown_fields *unknown,
			enum cellprofile_flags flags, struct strlist *warnings, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 10);

	for (size_t i = 0; i < unknown->n; i++) {
		buf_reset(&text);
		buf_addf(&text, "%s:%u:%u: ", path, unknown->v[i].line, unknown->v[i].col);
		unknown_field_text(&text, &unknown->v[i]);
		if (flags & CELLPROFILE_STRICT && unknown->v[i].remark == NULL)
			return kerr_plain(err, -EINVAL, "%s: " PROFILE_INVALID, buf_str(&text));
		if (warnings != NULL)
			strlist_addf(warnings, "warning: %s", buf_str(&text));
	}
	return 0;
}

int cellprofile_read(const char *path, const char *text, size_t n, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err)
{
	cleanup_(unknown_fields_clear) struct unknown_fields unknown = { 0 };
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_node struct node *second = NULL;
	struct kerr why = { 0 };
	int r;

	r = node_read_yaml(text, n, &p.tree, &second, &why);
	if (r == 0)
		r = model_decode(&profile_doc_type, p.tree, &p.doc, &unknown, &why);
	unknown_fields_add_document(&unknown, second);
	if (r < 0)
		return kerr_plain(err, -EINVAL, "parse profile \"%s\": " PROFILE_INVALID ": %s",
				  path, why.msg);
	r = check_profile(path, &p, err);
	if (r == 0)
		r = tell_unknown(path, &unknown, flags, warnings, err);
	if (r < 0)
		return r;
	p.name = xstrdup(p.doc.head.metadata.name);
	*ret = take_struct(p);
	return 0;
}

/* Follows symbolic links: these are the user's own files. -ENOENT leaves err alone. */
static int load_file(const char *path, enum cellprofile_flags flags, struct cellprofile *ret,
		     struct strlist *warnings, struct kerr *err)
{
	cleanup_free char *real = realpath(path, NULL);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_MANIFEST);
	struct kerr why = { 0 };
	int r;

	r = real == NULL ? -errno : file_read_at(AT_FDCWD, real, KUKE_MAX_MANIFEST, &text, &why);
	if (r == -ENOENT)
		return r;
	if (r == -EBADF)
		return kerr_plain(err, r, "read profile \"%s\": not a regular file", path);
	if (r == -E2BIG)
		return kerr_plain(err, r, "read profile \"%s\": more than %d bytes", path,
				  KUKE_MAX_MANIFEST);
	if (r < 0)
		return kerr_set(err, r, "read profile \"%s\": open %s", path, path);
	return cellprofile_read(path, buf_str(&text), text.len, flags, ret, warnings, err);
}

/* ---- the directory ---- */

static void dir_close(DIR **d)
{
	if (*d != NULL)
		(void) closedir(*d);
}

/* List the profile files in byte-wise order. */
static void list_files(const char *dir, struct strlist *ret)
{
	cleanup_(dir_close) DIR *d = opendir(dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (str_has_suffix(e->d_name, ".yaml") || str_has_suffix(e->d_name, ".yml"))
			strlist_add(ret, e->d_name);
	strlist_sort(ret);
}

/* Load the file if it is the profile of that name: 1; 0 if it is missing or another profile. */
static int take_if_named(const char *dir, const char *file, const char *name,
			 enum cellprofile_flags flags, struct cellprofile *ret,
			 struct strlist *warnings, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, file, NULL);
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strlist struct strlist said = { 0 };
	int r;

	r = load_file(path, flags, &p, &said, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!streq(p.name, name))
		return 0;
	for (size_t i = 0; warnings != NULL && i < said.n; i++)
		strlist_add(warnings, said.v[i]);
	*ret = take_struct(p);
	return 1;
}

int cellprofile_find(const char *dir, const char *name, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err)
{
	static const char *const suffixes[] = { ".yaml", ".yml" };
	cleanup_free char *want = str_trim(name);
	cleanup_strlist struct strlist files = { 0 };
	int r = 0;

	if (*want == '\0')
		return kerr_plain(err, -EINVAL, PROFILE_INVALID ": empty name");
	/* A name is not a path: do not build a file name from one that contains '/'. */
	for (size_t i = 0; r == 0 && strchr(want, '/') == NULL && i < ARRAY_SIZE(suffixes); i++) {
		cleanup_free char *file = xasprintf("%s%s", want, suffixes[i]);

		r = take_if_named(dir, file, want, flags, ret, warnings, err);
	}
	if (r == 0)
		list_files(dir, &files);
	for (size_t i = 0; r == 0 && i < files.n; i++) {
		/*
		 * Search without strict checks and skip files that fail to load; the
		 * match is checked strictly below.
		 */
		r = take_if_named(dir, files.v[i], want, 0, ret, NULL, NULL);
		if (r > 0) {
			cellprofile_clear(ret);
			r = take_if_named(dir, files.v[i], want, flags, ret, warnings, err);
		} else {
			r = 0;
		}
	}
	if (r == 0)
		return kerr_plain(err, -ENOENT, "profile \"%s\" not found in %s: profile not found",
				  want, dir);
	return r < 0 ? r : 0;
}

void cellprofile_names(const char *dir, struct strlist *ret)
{
	cleanup_strlist struct strlist files = { 0 };

	list_files(dir, &files);
	for (size_t i = 0; i < files.n; i++) {
		cleanup_free char *path = path_join(dir, files.v[i], NULL);
		cleanup_cellprofile struct cellprofile p = { 0 };

		if (load_file(path, 0, &p, NULL, NULL) == 0 && !strlist_has(ret, p.name))
			strlist_add(ret, p.name);
	}
	strlist_sort(ret);
}

/* ---- values ---- */

int cellprofile_resolve(const struct cellprofile *p, const struct strmap *given,
			const char *(*env)(const char *name), struct strmap *ret, struct kerr *err)
{
	const struct profile_spec *spec = &p->doc.spec;

	strmap_clear(ret);
	for (size_t i = 0; i < given->n; i++)
		if (find_parameter(spec, given->v[i].key, strlen(given->v[i].key)) == NULL)
			return kerr_plain(err, -EINVAL,
					  "profile \"%s\": --param \"%s\" is not declared in "
					  "spec.parameters[]: " PROFILE_INVALID,
					  p->name, given->v[i].key);
	for (size_t i = 0; i < spec->parameters.n; i++) {
		const struct profile_parameter *q = &spec->parameters.v[i];
		const char *value = strmap_get(given, q->name);

		if (value == NULL)
			value = q->default_value.v;
		if (value == NULL && env != NULL)
			value = env(q->name);
		if (value == NULL && q->required)
			return kerr_plain(err, -EINVAL,
					  "profile \"%s\": required parameter \"%s\" is not set "
					  "(provide --param %s=... or declare a "
					  "spec.parameters[].default): " PROFILE_INVALID,
					  p->name, q->name, q->name);
		if (value != NULL && !utf8_valid(value, strlen(value)))
			return kerr_plain(err, -EINVAL,
					  "profile \"%s\": value of parameter \"%s\" is not valid "
					  "UTF-8: " PROFILE_INVALID,
					  p->name, q->name);
		strmap_set(ret, q->name, value == NULL ? "" : value);
	}
	return 0;
}

/* ---- substitution ---- */

struct substitution {
	const struct strmap *values;
	size_t left; /* bytes that all substituted texts may still use */
};

/* Substitute in one pass: references inside a value are not expanded. */
static int substitute_scalar(struct node *scalar, void *arg)
{
	struct substitution *s = arg;
	cleanup_buf struct buf out = BUF_INIT(s->left);
	bool changed = false;
	size_t len;

	for (size_t i = 0; i < scalar->len; i += len) {
		cleanup_free char *key = NULL;
		const char *value = NULL;

		len = reference_len(scalar->text + i, scalar->len - i);
		if (len > 0) {
			key = xstrndup(scalar->text + i + 2, len - 3);
			value = strmap_get(s->values, key);
		} else {
			len = 1;
		}
		if (value != NULL)
			buf_adds(&out, value);
		else
			buf_add(&out, scalar->text + i, len);
		changed = changed || value != NULL;
	}
	if (out.failed)
		return -E2BIG;
	s->left -= out.len;
	/* A text with a NUL cannot be set as a C string; decoding refuses it later. */
	if (changed && memchr(buf_str(&out), '\0', out.len) == NULL)
		node_set_text(scalar, buf_take(&out));
	return 0;
}

int cellprofile_substitute(struct cellprofile *p, const struct strmap *values, struct kerr *err)
{
	struct substitution s = { .values = values, .left = KUKE_MAX_MANIFEST };
	struct kerr why = { 0 };
	int r;

	if (walk(p->tree, NULL, substitute_scalar, &s) < 0)
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\": more than %d bytes after parameter "
				  "substitution: " PROFILE_INVALID,
				  p->name, KUKE_MAX_MANIFEST);
	model_clear(&profile_doc_type, &p->doc);
	r = model_decode(&profile_doc_type, p->tree, &p->doc, NULL, &why);
	if (r < 0)
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\": re-decode after parameter "
				  "substitution: " PROFILE_INVALID ": %s",
				  p->name, why.msg);
	if (is_blank(p->doc.head.metadata.name))
		return kerr_plain(err, -EINVAL,
				  "profile \"%s\": metadata.name is required: " PROFILE_INVALID,
				  p->name);
	return 0;
}

/* ---- the cell ---- */

int cellprofile_draw_name(const struct cellprofile *p, char **ret, struct kerr *err)
{
	cleanup_free char *prefix = str_trim(p->doc.spec.prefix);
	cleanup_free char *name = str_trim(p->doc.head.metadata.name);
	unsigned char random[3];
	char hex[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return kerr_set(err, -errno, "random bytes for a name");
	hex_encode(hex, random, sizeof(random));
	*ret = xasprintf("%s-%s", *prefix != '\0' ? prefix : name, hex);
	return 0;
}

static void set_trimmed(char **member, const char *text)
{
	char *t = str_trim(text);

	free(*member);
	*member = t;
}

void cellprofile_cell(const struct cellprofile *p, const char *name, struct cell_doc *ret)
{
	const struct profile_spec *spec = &p->doc.spec;
	cleanup_free char *profile = str_trim(p->doc.head.metadata.name);

	model_clear(&cell_doc_type, ret);
	model_copy(&cell_spec_type, &ret->spec, &spec->cell);
	strmap_copy(&ret->head.metadata.labels, &p->doc.head.metadata.labels);
	strmap_set(&ret->head.metadata.labels, PROFILE_LABEL, profile);
	ret->head.api_version = xstrdup("v1beta1");
	ret->head.kind = xstrdup(kind_info(KIND_CELL)->name);
	set_trimmed(&ret->head.metadata.name, name);
	set_trimmed(&ret->spec.id, name);
	set_trimmed(&ret->spec.realm_id, spec->realm);
	set_trimmed(&ret->spec.space_id, spec->space);
	set_trimmed(&ret->spec.stack_id, spec->stack);
}
