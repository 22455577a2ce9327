/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "jscan.h"
#include "login.h"
#include "mem.h"
#include "vec.h"

enum {
	TOKEN_MAX = 32 << 10, /* bytes of a token */
};

struct login *login_of(struct logins *all, const char *url)
{
	struct http_origin o = { 0 };
	struct login *l;
	size_t i;

	if (http_origin_of(url, &o) < 0)
		return NULL;
	for (i = 0; i < all->n; i++) {
		if (!http_origin_eq(&all->v[i]->origin, &o))
			continue;
		http_origin_clear(&o);
		return all->v[i];
	}
	l = xcalloc(1, sizeof(*l));
	l->origin = o;
	*(struct login **) vec_grow(&all->v, &all->n, sizeof(l)) = l;
	return l;
}

void logins_clear(struct logins *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		http_origin_clear(&all->v[i]->origin);
		free(all->v[i]->authorization);
		free(all->v[i]);
	}
	free(all->v);
	*all = (struct logins){ 0 };
}

void login_use(struct login *l, char *owned_value)
{
	free(l->authorization);
	l->authorization = owned_value;
	l->round++;
}

/* It becomes part of a header. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

int login_use_token(struct login *l, const struct buf *body)
{
	cleanup_free char *token = xmalloc(TOKEN_MAX);
	int r;

	r = jscan_get_str(buf_str(body), body->len, "token", token, TOKEN_MAX);
	if (r < 0 || !*token)
		r = jscan_get_str(buf_str(body), body->len, "access_token", token, TOKEN_MAX);
	if (r < 0 || !*token || !is_plain(token))
		return -EBADMSG;
	login_use(l, xasprintf("Bearer %s", token));
	return 0;
}
