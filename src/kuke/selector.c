/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "selector.h"
#include "str.h"

#define BLANKS " \t"

/* The unread rest of the text, and the whole text for messages. */
struct input {
	const char *text;
	const char *p;
};

void selector_clear(struct selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].key);
		strlist_clear(&s->v[i].values);
	}
	free_p(&s->v);
	s->n = 0;
}

static void skip_blanks(struct input *in)
{
	in->p += strspn(in->p, BLANKS);
}

static int bad(const struct input *in, const char *why, struct kerr *err)
{
	return kerr_plain(err, -EINVAL, "invalid selector \"%s\": %s", in->text, why);
}

/* A key or a value: up to a blank or an operator; it may be empty. */
static char *word(struct input *in)
{
	size_t n = strcspn(in->p, BLANKS ",=!()");
	char *s = xstrndup(in->p, n);

	in->p += n;
	skip_blanks(in);
	return s;
}

static bool take(struct input *in, const char *token)
{
	if (!str_has_prefix(in->p, token))
		return false;
	in->p += strlen(token);
	skip_blanks(in);
	return true;
}

/* Take "in" or "notin", only as a whole word: followed by a blank, "(" or the end. */
static bool take_word(struct input *in, const char *token)
{
	size_t n = strlen(token);

	if (!str_has_prefix(in->p, token) || !strchr(BLANKS "(", in->p[n]))
		return false;
	return take(in, token);
}

static int read_set(struct input *in, struct strlist *ret, struct kerr *err)
{
	if (!take(in, "("))
		return bad(in, "values of in and notin stand in parentheses", err);
	do
		strlist_add_owned(ret, word(in));
	while (take(in, ","));
	if (!take(in, ")"))
		return bad(in, "a ')' is missing", err);
	return 0;
}

static int read_term(struct input *in, struct selector_term *t, struct kerr *err)
{
	bool absent = take(in, "!");
	int r = 0;

	t->key = word(in);
	if (str_empty(t->key))
		return bad(in, "a key is missing", err);
	if (absent) {
		t->op = SELECTOR_ABSENT;
	} else if (take(in, "==") || take(in, "=")) {
		t->op = SELECTOR_IN;
		strlist_add_owned(&t->values, word(in));
	} else if (take(in, "!=")) {
		t->op = SELECTOR_NOT_IN;
		strlist_add_owned(&t->values, word(in));
	} else if (take_word(in, "in")) {
		t->op = SELECTOR_IN;
		r = read_set(in, &t->values, err);
	} else if (take_word(in, "notin")) {
		t->op = SELECTOR_NOT_IN;
		r = read_set(in, &t->values, err);
	} else {
		t->op = SELECTOR_EXISTS;
	}
	return r;
}

int selector_parse(struct selector *s, const char *text, struct kerr *err)
{
	struct input in = { .text = text, .p = text };
	int r = 0;

	skip_blanks(&in);
	if (!*in.p)
		return kerr_plain(err, -EINVAL, "the selector is empty");
	do
		r = read_term(&in, vec_grow(&s->v, &s->n, sizeof(*s->v)), err);
	while (r == 0 && take(&in, ","));
	if (r == 0 && *in.p)
		r = bad(&in, "terms are separated by commas", err);
	return r;
}

static bool term_holds(const struct selector_term *t, const struct strmap *labels)
{
	const char *value = strmap_get(labels, t->key);

	switch (t->op) {
	case SELECTOR_IN:
		return value && strlist_has(&t->values, value);
	case SELECTOR_NOT_IN:
		return !value || !strlist_has(&t->values, value);
	case SELECTOR_EXISTS:
		return value;
	case SELECTOR_ABSENT:
		return !value;
	}
	return false;
}

bool selector_matches(const struct selector *s, const struct strmap *labels)
{
	for (size_t i = 0; i < s->n; i++)
		if (!term_holds(&s->v[i], labels))
			return false;
	return true;
}
