/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "jscan.h"
#include "jwalk.h"

/* RFC 8259, 2 */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct jwalk *w)
{
	while (w->p < w->end && is_space(*w->p))
		w->p++;
}

/* Whether the next byte is c; then it is taken. */
static bool take(struct jwalk *w, char c)
{
	skip_space(w);
	if (w->p == w->end || *w->p != c)
		return false;
	w->p++;
	return true;
}

/* One whole value. */
static int take_value(struct jwalk *w, const char **ret, size_t *ret_n)
{
	struct jscan s;
	size_t used = 0;
	enum jscan_result r;

	skip_space(w);
	jscan_init(&s, NULL, NULL);
	r = jscan_feed(&s, w->p, (size_t) (w->end - w->p), &used);
	if (r == JSCAN_MORE) /* a number at the end of the text */
		r = jscan_finish(&s);
	if (r != JSCAN_DONE || used == 0)
		return -EINVAL;
	*ret = w->p;
	*ret_n = used;
	w->p += used;
	return 0;
}

int jwalk_begin(struct jwalk *w, const char *text, size_t n)
{
	*w = (struct jwalk){ .p = text, .end = text + n };
	if (take(w, '{'))
		w->close = '}';
	else if (take(w, '['))
		w->close = ']';
	else
		return -EINVAL;
	return 0;
}

static int take_key(struct jwalk *w, struct jwalk_part *part)
{
	skip_space(w);
	if (w->p == w->end || *w->p != '"' || take_value(w, &part->key, &part->n_key) < 0)
		return -EINVAL;
	part->key++;
	part->n_key -= 2;
	return take(w, ':') ? 0 : -EINVAL;
}

int jwalk_next(struct jwalk *w, struct jwalk_part *ret)
{
	struct jwalk_part part = { 0 };
	int r = 0;

	if (!w->ended && take(w, w->close)) {
		w->ended = true;
		skip_space(w);
		return w->p == w->end ? 0 : -EINVAL;
	}
	if (w->ended || (w->begun && !take(w, ',')))
		return w->ended && w->p == w->end ? 0 : -EINVAL;
	w->begun = true;
	if (w->close == '}')
		r = take_key(w, &part);
	if (r == 0)
		r = take_value(w, &part.p, &part.n);
	if (r < 0)
		return r;
	*ret = part;
	return 1;
}

bool jwalk_key(const struct jwalk_part *part, char ret[JWALK_KEY_MAX])
{
	size_t n;

	if (!part->key || part->n_key >= JWALK_KEY_MAX)
		return false;
	n = jscan_unescape(ret, part->key, part->n_key);
	ret[n] = '\0';
	return strlen(ret) == n;
}

bool jwalk_is(const struct jwalk_part *part, const char *key)
{
	char name[JWALK_KEY_MAX];

	return jwalk_key(part, name) && strcmp(name, key) == 0;
}

int jwalk_get(const char *text, size_t n, const char *key, const char **ret, size_t *ret_n)
{
	struct jwalk_part part, found = { 0 };
	struct jwalk w;
	int r = jwalk_begin(&w, text, n);

	if (r < 0 || w.close != '}')
		return -EINVAL;
	while ((r = jwalk_next(&w, &part)) > 0)
		if (jwalk_is(&part, key))
			found = part;
	if (r < 0)
		return r;
	if (!found.p)
		return -ENOENT;
	*ret = found.p;
	*ret_n = found.n;
	return 0;
}
