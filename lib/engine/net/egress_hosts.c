/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "egress.h"
#include "egress_hosts.h"
#include "emit_json.h"
#include "jval.h"
#include "mem.h"
#include "statefile.h"
#include "str.h"

#define FILE_MAX (4 << 20)

static void host_clear(struct egress_host *h)
{
	free(h->name);
	free(h->error);
	free(h->addrs);
	*h = (struct egress_host){ 0 };
}

void egress_hosts_clear(struct egress_hosts *h)
{
	for (size_t i = 0; i < h->n; i++)
		host_clear(&h->v[i]);
	free(h->v);
	*h = (struct egress_hosts){ 0 };
}

const struct egress_host *egress_hosts_find(const struct egress_hosts *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (streq(h->v[i].name, name))
			return &h->v[i];
	return NULL;
}

/* A time much further away than any that is written comes from a clock that was set back. */
bool egress_addr_holds(const struct egress_addr *a, int64_t now)
{
	return a->until == 0 || (a->until > now && a->until <= now + 2 * EGRESS_KEEP_S);
}

/* ---- the file ---- */

static void emit_host(struct jemit *j, const struct egress_host *h)
{
	char addr[IPNET_TEXT_MAX];

	jemit_object(j);
	jemit_key(j, "name");
	jemit_str(j, h->name);
	if (h->error) {
		jemit_key(j, "error");
		jemit_str(j, h->error);
	}
	jemit_key(j, "addresses");
	jemit_array(j);
	for (size_t i = 0; i < h->n; i++) {
		struct ktime until = { .sec = h->addrs[i].until, .set = true };

		jemit_object(j);
		jemit_key(j, "address");
		jemit_str(j, ipnet_addr_text(&h->addrs[i].addr, addr));
		if (h->addrs[i].until) {
			jemit_key(j, "until");
			jemit_time(j, &until);
		}
		jemit_object_end(j);
	}
	jemit_array_end(j);
	jemit_object_end(j);
}

void egress_hosts_text(const struct egress_hosts *h, struct buf *out)
{
	struct jemit j;

	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "version");
	jemit_str(&j, "v1");
	jemit_key(&j, "hosts");
	jemit_array(&j);
	for (size_t i = 0; i < h->n; i++)
		emit_host(&j, &h->v[i]);
	jemit_array_end(&j);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

static int read_addr(const struct jval *v, struct egress_addr *ret)
{
	const char *addr = jval_str(jval_get(v, "address"));
	const char *until = jval_str(jval_get(v, "until"));
	struct ktime t = { 0 };

	if (!addr || ipnet_parse_addr(addr, &ret->addr) < 0 ||
	    (until && ktime_parse(until, &t) < 0))
		return -EINVAL;
	ret->until = t.sec;
	return 0;
}

static int read_host(const struct jval *v, struct egress_host *h)
{
	const struct jval *addrs = jval_get(v, "addresses");
	const char *name = jval_str(jval_get(v, "name"));
	const char *error = jval_str(jval_get(v, "error"));
	size_t n = jval_count(addrs);
	int r = 0;

	if (!name)
		return -EINVAL;
	h->name = xstrdup(name);
	h->error = error ? xstrdup(error) : NULL;
	h->addrs = xcalloc(n + 1, sizeof(*h->addrs));
	for (h->n = 0; r == 0 && h->n < n; h->n++)
		r = read_addr(jval_item(addrs, h->n), &h->addrs[h->n]);
	return r;
}

int egress_hosts_read(const char *text, size_t n, const char *what, struct egress_hosts *ret,
		      struct kerr *err)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };
	cleanup_jval struct jval *root = NULL;
	const struct jval *hosts;
	int r;

	r = jval_read(text, n, what, &root, err);
	if (r < 0)
		return r;
	hosts = jval_get(root, "hosts");
	for (size_t i = 0; r == 0 && i < jval_count(hosts); i++)
		r = read_host(jval_item(hosts, i), vec_grow(&h.v, &h.n, sizeof(*h.v)));
	if (r < 0)
		return kerr_plain(err, r, "%s: an entry of 'hosts' is malformed", what);
	*ret = take_struct(h);
	return 0;
}

int egress_hosts_load(struct engine *e, const struct addr *space, struct egress_hosts *ret,
		      struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_EGRESS);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	int r;

	r = state_read_at(AT_FDCWD, file, FILE_MAX, &text, err);
	if (r == -ENOENT) {
		*ret = (struct egress_hosts){ 0 };
		return 0;
	}
	return r < 0 ? r : egress_hosts_read(buf_str(&text), text.len, file, ret, err);
}

int egress_hosts_save(struct engine *e, const struct addr *space, const struct egress_hosts *h,
		      struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_EGRESS);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	int r;

	if (h->n == 0)
		return unlink(file) < 0 && errno != ENOENT
			       ? kerr_set(err, -errno, "remove '%s'", file)
			       : 0;
	egress_hosts_text(h, &text);
	r = buf_check(&text, file, err);
	return r < 0 ? r
		     : atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600, ATOMIC_WRITE_SUM,
				       err);
}

/* ---- answers ---- */

static bool answer_has(const struct resolve_name *answer, const struct ipnet *addr)
{
	for (size_t i = 0; i < answer->n; i++)
		if (ipnet_eq(&answer->addrs[i], addr))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct egress_addr *x = a, *y = b;

	return ipnet_cmp(&x->addr, &y->addr);
}

/* First what the answer has, then what is kept, as far as there is room. */
static bool update_addrs(struct egress_host *h, const struct resolve_name *answer, int64_t now)
{
	struct egress_addr *v = xcalloc(EGRESS_ADDRS_MAX, sizeof(*v)), old;
	bool changed;
	size_t n = 0;

	for (size_t i = 0; i < answer->n && n < EGRESS_ADDRS_MAX; i++)
		v[n++].addr = answer->addrs[i];
	for (size_t i = 0; i < h->n && n < EGRESS_ADDRS_MAX; i++) {
		old = h->addrs[i];
		if (answer_has(answer, &old.addr) || !egress_addr_holds(&old, now))
			continue;
		if (old.until == 0)
			old.until = now + EGRESS_KEEP_S;
		v[n++] = old;
	}
	qsort(v, n, sizeof(*v), compare);
	changed = n != h->n;
	for (size_t i = 0; !changed && i < n; i++)
		changed =
			!ipnet_eq(&v[i].addr, &h->addrs[i].addr) || v[i].until != h->addrs[i].until;
	free(h->addrs);
	h->addrs = v;
	h->n = n;
	return changed;
}

static bool update_host(struct egress_host *h, const struct resolve_name *answer, int64_t now)
{
	const char *had = h->error ? h->error : "", *has = answer->error ? answer->error : "";
	bool changed = !streq(had, has);

	if (changed) {
		free(h->error);
		h->error = answer->error ? xstrdup(answer->error) : NULL;
	}
	if (answer->error)
		return changed;
	return update_addrs(h, answer, now) || changed;
}

/* Move a name's entry from one list to the other, or make one. */
static struct egress_host *move_host(struct egress_hosts *from, const char *name,
				     struct egress_hosts *to)
{
	struct egress_host *h = vec_grow(&to->v, &to->n, sizeof(*to->v));

	for (size_t i = 0; i < from->n; i++)
		if (from->v[i].name && streq(from->v[i].name, name)) {
			*h = take_struct(from->v[i]);
			return h;
		}
	h->name = xstrdup(name);
	return h;
}

static bool same_names(const struct egress_hosts *a, const struct egress_hosts *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (!streq(a->v[i].name, b->v[i].name))
			return false;
	return a->n == b->n;
}

bool egress_hosts_update(struct egress_hosts *h, const struct egress_policy *p,
			 const struct resolve *answers, int64_t now)
{
	struct egress_hosts next = { 0 }, before = { 0 };
	const struct resolve_name *answer;
	bool changed = false;

	for (size_t i = 0; i < h->n; i++)
		((struct egress_host *) vec_grow(&before.v, &before.n, sizeof(*before.v)))->name =
			xstrdup(h->v[i].name);
	for (size_t i = 0; p && i < p->allow.n; i++) {
		cleanup_free char *name = str_trim(p->allow.v[i].host);

		if (!*name || egress_host_is_pattern(name) || egress_hosts_find(&next, name))
			continue;
		answer = resolve_find(answers, name);
		(void) move_host(h, name, &next);
		if (answer && update_host(&next.v[next.n - 1], answer, now))
			changed = true;
	}
	changed = !same_names(&before, &next) || changed;
	egress_hosts_clear(&before);
	egress_hosts_clear(h);
	*h = next;
	return changed;
}
