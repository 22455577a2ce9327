/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "copy.h"
#include "dir.h"
#include "egress.h"
#include "emit_json.h"
#include "ipnet.h"
#include "jval.h"
#include "mem.h"
#include "path.h"
#include "scope.h"
#include "statefile.h"
#include "str.h"
#include "temporary.h"
#include "validate.h"
#include "vec.h"

#define FILE_MAX 131072
#define KEY_MARK '_' /* between the names of realm and space, which have none */

void temporary_clear(struct temporary_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		model_clear(&temporary_rule_type, &l->v[i].rule);
	free(l->v);
	*l = (struct temporary_list){ 0 };
}

/* ---- the list ---- */

static bool same_ports(const struct temporary_rule *a, const struct temporary_rule *b)
{
	return a->ports.n == b->ports.n &&
	       (a->ports.n == 0 ||
		memcmp(a->ports.v, b->ports.v, a->ports.n * sizeof(*a->ports.v)) == 0);
}

static bool same_cidr(const char *a, const char *b)
{
	struct ipnet x, y;

	if (str_empty(a) || str_empty(b))
		return streq_null(a, b);
	if (ipnet_parse(a, &x) < 0 || ipnet_parse(b, &y) < 0)
		return false;
	x = ipnet_subnet(x);
	y = ipnet_subnet(y);
	return ipnet_eq(&x, &y);
}

struct temporary *temporary_find(const struct temporary_list *l, const struct temporary_rule *r)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct temporary_rule *have = &l->v[i].rule;

		if (str_case_eq(have->host ? have->host : "", r->host ? r->host : "") &&
		    same_cidr(have->cidr, r->cidr) && same_ports(have, r))
			return &l->v[i];
	}
	return NULL;
}

void temporary_remove(struct temporary_list *l, struct temporary *t)
{
	size_t after = (size_t) (l->v + l->n - t) - 1;

	model_clear(&temporary_rule_type, &t->rule);
	memmove(t, t + 1, after * sizeof(*t));
	l->n--;
}

bool temporary_drop_ended(struct temporary_list *l, int64_t now)
{
	const size_t had = l->n;

	for (size_t i = l->n; i > 0; i--)
		if (l->v[i - 1].end_ms <= now)
			temporary_remove(l, &l->v[i - 1]);
	return l->n < had;
}

/* ---- the file ---- */

static void emit_rule(struct jemit *j, const struct temporary *t)
{
	jemit_object(j);
	jemit_key(j, "endMs");
	jemit_i64(j, t->end_ms);
	jemit_key(j, "rule");
	jemit_model(j, &temporary_rule_type, &t->rule);
	jemit_object_end(j);
}

void temporary_text(const struct temporary_list *l, const char *boot, struct buf *out)
{
	struct jemit j;

	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "version");
	jemit_str(&j, "v1");
	jemit_key(&j, "boot");
	jemit_str(&j, boot);
	jemit_key(&j, "rules");
	jemit_array(&j);
	for (size_t i = 0; i < l->n; i++)
		emit_rule(&j, &l->v[i]);
	jemit_array_end(&j);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

static int read_ports(const struct jval *v, struct temporary_rule *r)
{
	for (size_t i = 0; i < jval_count(v); i++)
		if (jval_i64(jval_item(v, i),
			     vec_grow(&r->ports.v, &r->ports.n, sizeof(*r->ports.v))) < 0)
			return -EINVAL;
	return 0;
}

/* As strict as for a manifest: a rule gets into comments of rules and into hosts files. */
static bool is_valid(const struct temporary_rule *r)
{
	const struct egress_rule as = { .host = r->host,
					.cidr = r->cidr,
					.ports = { r->ports.v, r->ports.n } };

	return validate_egress_rule(&as, NULL) == 0;
}

static int read_rule(const struct jval *v, struct temporary *t)
{
	const struct jval *rule = jval_get(v, "rule");
	const char *host = jval_str(jval_get(rule, "host"));
	const char *cidr = jval_str(jval_get(rule, "cidr"));
	const char *until = jval_str(jval_get(rule, "until"));

	t->rule.host = xstrdup_null(host);
	t->rule.cidr = xstrdup_null(cidr);
	if (read_ports(jval_get(rule, "ports"), &t->rule) < 0 || !is_valid(&t->rule) ||
	    jval_i64(jval_get(v, "endMs"), &t->end_ms) < 0 || t->end_ms < 0 || !until ||
	    ktime_parse(until, &t->rule.until) < 0)
		return -EINVAL;
	return 0;
}

int temporary_read(const char *text, size_t n, const char *boot, const char *what,
		   struct temporary_list *ret, struct kerr *err)
{
	cleanup_temporary struct temporary_list l = { 0 };
	cleanup_jval struct jval *root = NULL;
	const struct jval *rules;
	const char *of;
	int r = jval_read(text, n, what, &root, err);

	if (r < 0)
		return r;
	of = jval_str(jval_get(root, "boot"));
	rules = jval_get(root, "rules");
	if (!of || jval_count(rules) > TEMPORARY_MAX)
		return kerr_plain(err, -EINVAL, "%s: malformed", what);
	if (!streq(of, boot)) {
		*ret = (struct temporary_list){ 0 };
		return 0;
	}
	for (size_t i = 0; r == 0 && i < jval_count(rules); i++)
		r = read_rule(jval_item(rules, i), vec_grow(&l.v, &l.n, sizeof(*l.v)));
	if (r < 0)
		return kerr_plain(err, r, "%s: an entry of 'rules' is malformed", what);
	*ret = take_struct(l);
	return 0;
}

static char *file_of(struct engine *e, const struct addr *space)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_ALLOWED);
	cleanup_free char *key = xasprintf("%s%c%s", space->realm, KEY_MARK, space->space);

	return path_join(dir, key, NULL);
}

int temporary_load(struct engine *e, const struct addr *space, struct temporary_list *ret,
		   struct kerr *err)
{
	cleanup_free char *file = file_of(e, space);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	int r = state_read_at(AT_FDCWD, file, FILE_MAX, &text, err);

	if (r == -ENOENT) {
		*ret = (struct temporary_list){ 0 };
		return 0;
	}
	return r < 0 ? r : temporary_read(buf_str(&text), text.len, e->boot, file, ret, err);
}

int temporary_save(struct engine *e, const struct addr *space, const struct temporary_list *l,
		   struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_ALLOWED);
	cleanup_free char *file = file_of(e, space);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	int r;

	if (l->n == 0)
		return remove_tree_at(AT_FDCWD, file, REMOVE_TREE_SAME_FS, err);
	r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	temporary_text(l, e->boot, &text);
	r = buf_check(&text, file, err);
	return r < 0 ? r
		     : atomic_write_at(
			       AT_FDCWD, file, text.data, text.len, 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR, err);
}

/* It is not stored: a document that has it was edited. */
static void forget(struct space_doc *d)
{
	struct space_network_status *s = d->status.network;

	for (size_t i = 0; s && i < s->temporary_rules.n; i++)
		model_clear(&temporary_rule_type, &s->temporary_rules.v[i]);
	if (s)
		free(s->temporary_rules.v);
	free_p(&d->status.network);
}

void temporary_show(struct engine *e, const struct addr *space, struct space_doc *d)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct space_network_status *s;

	forget(d);
	if (!egress_denies(egress_of(d)) || temporary_load(e, space, &l, NULL) < 0)
		return;
	(void) temporary_drop_ended(&l, clock_ms());
	if (l.n == 0)
		return;
	d->status.network = s = xcalloc(1, sizeof(*s));
	for (size_t i = 0; i < l.n; i++) {
		struct temporary_rule *to =
			vec_grow(&s->temporary_rules.v, &s->temporary_rules.n, sizeof(*to));

		*to = take_struct(l.v[i].rule);
	}
}

void temporary_each(struct engine *e, temporary_fn *fn, void *ctx)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_ALLOWED);
	cleanup_strlist struct strlist names = { 0 };

	dir_names(dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		char *mark = strchr(names.v[i], KEY_MARK);
		struct addr a = { .realm = names.v[i] };

		if (!mark)
			continue;
		*mark = '\0';
		a.space = mark + 1;
		if (scope_check(&a, ADDR_SPACE, 0, NULL) == 0)
			fn(ctx, e, &a);
	}
}
