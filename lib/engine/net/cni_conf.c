/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "cni_conf.h"
#include "emit_json.h"
#include "jval.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"

static const char *const version_texts[] = {
	[CNI_0_3_0] = "0.3.0", [CNI_0_3_1] = "0.3.1", [CNI_0_4_0] = "0.4.0",
	[CNI_1_0_0] = "1.0.0", [CNI_1_1_0] = "1.1.0",
};
_Static_assert(ARRAY_SIZE(version_texts) == _CNI_VERSION_MAX, "a text for each version");

#define VERSIONS_HELP "one of 0.3.0, 0.3.1, 0.4.0, 1.0.0 and 1.1.0"
#define RESERVED_PREFIX "cni.dev/"

enum cni_version cni_version_of(const char *text)
{
	for (int v = CNI_0_3_0; text && v < _CNI_VERSION_MAX; v++)
		if (streq(text, version_texts[v]))
			return v;
	return _CNI_VERSION_INVALID;
}

const char *cni_version_text(enum cni_version v)
{
	return version_texts[v];
}

void cni_conf_clear(struct cni_conf *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].type);
		free(c->v[i].text);
		strlist_clear(&c->v[i].capabilities);
	}
	free_p(&c->v);
	free_p(&c->name);
	*c = (struct cni_conf){ 0 };
}

/* What is being read. */
struct reading {
	const char *where;
	struct cni_conf *conf;
	struct kerr *err;
};

static int refuse(const struct reading *rd, const char *member, const char *must)
{
	return kerr_plain(rd->err, -EINVAL, "%s: %s: %s", rd->where, member, must);
}

/* Spec, section 1: [a-zA-Z0-9][a-zA-Z0-9_.-]*, and plugins make a file name of it. */
static bool is_network_name(const char *s)
{
	if (!s || !isalnum((unsigned char) s[0]) || strlen(s) > NAME_MAX)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char) *s) && !strchr("_.-", *s))
			return false;
	return true;
}

/* Spec, section 1: a file name, which is looked up in directories. */
static bool is_type(const char *s)
{
	if (str_empty(s) || strlen(s) > NAME_MAX || streq(s, ".") || streq(s, ".."))
		return false;
	for (; *s; s++)
		if (!isgraph((unsigned char) *s) || strchr("/\\", *s))
			return false;
	return true;
}

/* libcni takes booleans as words, too. */
static int read_switch(const struct reading *rd, const struct jval *top, const char *key, bool *ret)
{
	const struct jval *v = jval_get(top, key);
	const char *word = jval_str(v);

	if (!v)
		return 0;
	if (word && (str_case_eq(word, "true") || str_case_eq(word, "false"))) {
		*ret = str_case_eq(word, "true");
		return 0;
	}
	return jval_bool(v, ret) < 0 ? refuse(rd, key, "must be true or false") : 0;
}

/* "cniVersion", or the newest of "cniVersions" that is known. */
static int read_version(const struct reading *rd, const struct jval *top)
{
	const struct jval *one = jval_get(top, "cniVersion"), *all = jval_get(top, "cniVersions");
	enum cni_version best = cni_version_of(jval_str(one));

	if (!jval_is_null(all) && !jval_is_array(all))
		return refuse(rd, "cniVersions", "must be a list of versions");
	if (one && !jval_str(one))
		return refuse(rd, "cniVersion", "must be a string, " VERSIONS_HELP);
	for (size_t i = 0; i < jval_count(all); i++) {
		enum cni_version v = cni_version_of(jval_str(jval_item(all, i)));

		if (v > best)
			best = v;
	}
	if (best < 0 && jval_is_zero(one))
		return refuse(rd, "cniVersion", "is missing; set it to " VERSIONS_HELP);
	if (best < 0)
		return refuse(rd, "cniVersion", "is not supported; set it to " VERSIONS_HELP);
	rd->conf->version = best;
	return 0;
}

static int read_capabilities(const struct reading *rd, const struct jval *object, const char *at,
			     struct strlist *ret)
{
	const struct jval *caps = jval_get(object, "capabilities"), *v;
	cleanup_free char *where = xasprintf("%scapabilities", at);
	const char *key;
	void *iter = NULL;
	bool on;

	if (jval_is_null(caps))
		return 0;
	if (!jval_is_object(caps))
		return refuse(rd, where, "must be an object of true and false");
	while (jval_next(caps, &iter, &key, &v)) {
		if (jval_bool(v, &on) < 0)
			return refuse(rd, where, "must be an object of true and false");
		if (on)
			strlist_add(ret, key);
	}
	return 0;
}

/* at: where its members are, "plugins[1]." or "". */
static int read_plugin(const struct reading *rd, const struct jval *object, const char *at,
		       const char *text, size_t n)
{
	cleanup_free char *type_at = xasprintf("%stype", at);
	struct cni_plugin *p = vec_grow(&rd->conf->v, &rd->conf->n, sizeof(*p));
	const char *type = jval_str(jval_get(object, "type"));

	if (!is_type(type))
		return refuse(rd, type_at, "must be the file name of a plugin, such as \"bridge\"");
	p->type = xstrdup(type);
	p->text = xstrndup(text, n);
	return read_capabilities(rd, object, at, &p->capabilities);
}

static int read_plugins(const struct reading *rd, const struct jval *list, const char *text,
			size_t n)
{
	struct jwalk_part part;
	struct jwalk w;
	int r = jwalk_begin(&w, text, n);

	for (size_t i = 0; r == 0 && i < jval_count(list); i++) {
		cleanup_free char *at = xasprintf("plugins[%zu].", i);

		if (jwalk_next(&w, &part) != 1 || !jval_is_object(jval_item(list, i)))
			return kerr_plain(rd->err, -EINVAL, "%s: plugins[%zu]: must be an object",
					  rd->where, i);
		r = read_plugin(rd, jval_item(list, i), at, part.p, part.n);
	}
	return r;
}

static int read_list(const struct reading *rd, const struct jval *top, const char *text, size_t n)
{
	const struct jval *list = jval_get(top, "plugins");
	const char *part;
	size_t n_part;

	if (jval_is_null(list) && !jval_is_null(jval_get(top, "type")))
		return read_plugin(rd, top, "", text, n);
	if (!jval_is_array(list) || jval_count(list) == 0)
		return refuse(rd, "plugins", "must be a list of at least one plugin");
	if (jval_count(list) > CNI_PLUGINS_MAX)
		return kerr_plain(rd->err, -E2BIG, "%s: plugins: must be at most %d", rd->where,
				  CNI_PLUGINS_MAX);
	if (jwalk_get(text, n, "plugins", &part, &n_part) < 0)
		return refuse(rd, "plugins",
			      "cannot be found again"); /* both readers take the last */
	return read_plugins(rd, list, part, n_part);
}

static int read_all(const struct reading *rd, const struct jval *top, const char *text, size_t n)
{
	const char *name = jval_str(jval_get(top, "name"));
	int r;

	if (!jval_is_object(top))
		return kerr_plain(rd->err, -EINVAL, "%s: must be a JSON object", rd->where);
	if (!is_network_name(name))
		return refuse(rd, "name",
			      "must be a network's name of letters, digits, '_', '.' and '-'");
	rd->conf->name = xstrdup(name);
	r = read_version(rd, top);
	if (r == 0)
		r = read_switch(rd, top, "disableCheck", &rd->conf->no_check);
	if (r == 0)
		r = read_switch(rd, top, "disableGC", &rd->conf->no_gc);
	return r < 0 ? r : read_list(rd, top, text, n);
}

int cni_conf_read(const char *text, size_t n, const char *where, struct cni_conf *ret,
		  struct kerr *err)
{
	struct reading rd = { .where = where, .conf = ret, .err = err };
	cleanup_jval struct jval *top = NULL;
	int r;

	cni_conf_clear(ret);
	if (n > CNI_CONF_MAX)
		return kerr_plain(err, -E2BIG, "%s: has more than %d bytes", where, CNI_CONF_MAX);
	r = jval_read(text, n, where, &top, err);
	if (r == 0)
		r = read_all(&rd, top, text, n);
	if (r < 0)
		cni_conf_clear(ret);
	return r;
}

/* ---- what a plugin gets ---- */

/* Whether the runtime sets this member itself, or leaves it out. */
static bool is_replaced(const struct jwalk_part *part, bool has_args)
{
	static const char *const names[] = { "cniVersion", "name", "prevResult", "capabilities" };
	char key[JWALK_KEY_MAX];

	if (!jwalk_key(part, key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(key, names[i]))
			return true;
	return str_has_prefix(key, RESERVED_PREFIX) || (has_args && streq(key, "runtimeConfig"));
}

/* false: there is nothing to say. */
static bool add_args(const struct cni_plugin *p, const struct cni_request *rq, struct jemit *j)
{
	bool any = false;

	for (size_t i = 0; i < rq->n_args; i++) {
		if (!strlist_has(&p->capabilities, rq->args[i].name))
			continue;
		if (!any) {
			jemit_key(j, "runtimeConfig");
			jemit_object(j);
		}
		any = true;
		jemit_key(j, rq->args[i].name);
		jemit_raw(j, rq->args[i].json, strlen(rq->args[i].json));
	}
	if (any)
		jemit_object_end(j);
	return any;
}

static void add_json(struct jemit *j, const char *key, const char *json)
{
	if (!json)
		return;
	jemit_key(j, key);
	jemit_raw(j, json, strlen(json));
}

void cni_conf_request(const struct cni_conf *c, size_t i, const struct cni_request *rq,
		      struct buf *out)
{
	const struct cni_plugin *p = &c->v[i];
	struct jwalk_part part;
	struct jwalk w;
	struct jemit j;
	bool has_args;

	jemit_init(&j, out, 0);
	jemit_object(&j);
	jemit_key(&j, "cniVersion");
	jemit_str(&j, cni_version_text(c->version));
	jemit_key(&j, "name");
	jemit_str(&j, c->name);
	has_args = add_args(p, rq, &j);
	add_json(&j, "prevResult", rq->prev_result);
	add_json(&j, RESERVED_PREFIX "valid-attachments", rq->valid_attachments);
	if (jwalk_begin(&w, p->text, strlen(p->text)) == 0)
		while (jwalk_next(&w, &part) > 0)
			if (!is_replaced(&part, has_args)) {
				buf_adds(out, ",\"");
				buf_add(out, part.key, part.n_key);
				buf_adds(out, "\":");
				buf_add(out, part.p, part.n);
			}
	jemit_object_end(&j);
}
