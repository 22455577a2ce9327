/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "dns_proto.h"
#include "mem.h"
#include "policy.h"
#include "str.h"

void policy_clear(struct policy *p)
{
	strlist_clear(&p->exact);
	strlist_clear(&p->below);
	for (size_t i = 0; i < p->n_own; i++)
		free(p->own[i].name);
	free(p->own);
	*p = (struct policy){ .ready = false };
}

static bool name_byte(const char *c)
{
	return (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' ||
	       (*c == '.' && c[1] != '.');
}

/* The name as it is compared, owned by the caller; NULL if it can be none. */
static char *normal(const char *s, size_t n)
{
	cleanup_free char *name = NULL;

	if (n > 0 && s[n - 1] == '.')
		n--;
	if (n == 0 || n > DNS_NAME_MAX || s[0] == '.')
		return NULL;
	name = xstrndup(s, n);
	for (char *c = name; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
		if (!name_byte(c))
			return NULL;
	}
	return take_ptr(name);
}

static void allow_one(struct policy *p, const char *s, size_t n)
{
	bool below = n > 2 && s[0] == '*' && s[1] == '.';
	char *name = below ? normal(s + 2, n - 2) : normal(s, n);

	if (name)
		strlist_add_owned(below ? &p->below : &p->exact, name);
}

void policy_allow(struct policy *p, const char *hosts)
{
	size_t n;

	for (; *hosts; hosts += n + (hosts[n] == '\n')) {
		n = strcspn(hosts, "\n");
		allow_one(p, hosts, n);
	}
}

/* ---- the space's own names ---- */

#define BLANK " \t\r"

static void add_own(struct policy *p, const char *s, size_t n, const struct ipaddr *addr)
{
	char *name = normal(s, n);
	struct policy_own *own;

	if (!name)
		return;
	own = vec_grow(&p->own, &p->n_own, sizeof(*p->own));
	*own = (struct policy_own){ name, *addr };
}

static void add_line(struct policy *p, const char *s, const char *end)
{
	char text[IPADDR_TEXT_MAX];
	struct ipaddr addr;
	size_t n;

	s += strspn(s, BLANK);
	n = strcspn(s, BLANK "\n#");
	if (n >= sizeof(text))
		return;
	memcpy(text, s, n);
	text[n] = '\0';
	if (ipaddr_parse(text, &addr) < 0)
		return;
	for (s += n; s < end; s += n) {
		s += strspn(s, BLANK);
		n = strcspn(s, BLANK "\n#");
		if (n == 0) /* the end or a comment */
			return;
		add_own(p, s, n, &addr);
	}
}

void policy_names(struct policy *p, const char *text)
{
	size_t n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		add_line(p, text, text + n);
	}
}

static int own_cmp(const void *a, const void *b)
{
	const struct policy_own *one = a, *other = b;
	int r = strcmp(one->name, other->name);

	return r != 0 ? r : memcmp(&one->addr, &other->addr, sizeof(one->addr));
}

void policy_commit(struct policy *p)
{
	strlist_sort(&p->exact);
	strlist_sort(&p->below);
	if (p->n_own > 0)
		qsort(p->own, p->n_own, sizeof(*p->own), own_cmp);
	p->ready = true;
}

/* ---- asking ---- */

bool policy_allows(const struct policy *p, const char *name)
{
	if (strlist_find(&p->exact, name))
		return true;
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
		if (strlist_find(&p->below, dot + 1))
			return true;
	return false;
}

const struct policy_own *policy_find_own(const struct policy *p, const char *name, size_t *ret_n)
{
	size_t low = 0, high = p->n_own, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(p->own[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < p->n_own && streq(p->own[low + n].name, name))
		n++;
	*ret_n = n;
	return n > 0 ? &p->own[low] : NULL;
}
