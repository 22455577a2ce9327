/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "detach_keys.h"
#include "str.h"

enum {
	BELL = 0x07,
	CONTROL = 0x40, /* between a character and its control character */
};

static const char paste_begins[] = "\x1b[200~";
static const char paste_ends[] = "\x1b[201~";

/* The key that n characters stand for; -1: none. */
static int key_of(const char *p, size_t n)
{
	char c = p[n - 1];

	if (n == 1 && c > ' ' && c < 0x7f)
		return c;
	if (n == 2 && p[0] == '^' && c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (n == 2 && p[0] == '^' && c > '@' && c <= '_')
		return c - CONTROL;
	return n == 2 && p[0] == '^' && c == '?' ? 0x7f : -1;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct kerr *err)
{
	struct detach_keys k = { 0 };
	const char *p = text;
	size_t n;
	int key;

	for (; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		key = n == 0 ? -1 : key_of(p, n);
		if (key < 0 || (p[n] == ',' && p[n + 1] == '\0'))
			return kerr_plain(
				err, -EINVAL,
				"invalid --detach-keys \"%s\": want keys as ^] or q, with "
				"commas between, or \"\" for none",
				text);
		if (k.n == DETACH_KEYS_MAX)
			return kerr_plain(err, -EINVAL,
					  "invalid --detach-keys \"%s\": at most %d keys", text,
					  DETACH_KEYS_MAX);
		k.keys[k.n++] = (unsigned char) key;
	}
	*ret = k;
	return 0;
}

static size_t add_key(char *ret, size_t size, unsigned char key)
{
	int n;

	if (key < ' ' || key == 0x7f)
		n = snprintf(ret, size, "^%c", key ^ CONTROL);
	else
		n = snprintf(ret, size, "%c", key);
	return n < 0 || (size_t) n >= size ? 0 : (size_t) n;
}

void detach_keys_text(const struct detach_keys *k, char *ret, size_t size)
{
	size_t at = 0;

	ret[0] = '\0';
	if (k->n == 2 && k->keys[0] == k->keys[1]) {
		at = add_key(ret, size, k->keys[0]);
		(void) snprintf(ret + at, size - at, " twice");
		return;
	}
	for (size_t i = 0; i < k->n; i++) {
		if (i > 0 && at + 1 < size) {
			ret[at++] = ' ';
			ret[at] = '\0';
		}
		at += add_key(ret + at, size - at, k->keys[i]);
	}
}

/* Whether this byte ends a mark of a paste. */
static void watch_paste(struct detach_keys *k, char c)
{
	const char *mark = k->paste ? paste_ends : paste_begins;

	if (c != mark[k->mark])
		k->mark = c == mark[0] ? 1 : 0;
	else if (mark[++k->mark] == '\0') {
		k->paste = !k->paste;
		k->mark = 0;
	}
}

/* How many of the keys end with this byte, given those that were seen before it. */
static size_t next_seen(const struct detach_keys *k, unsigned char c)
{
	size_t have = k->seen;

	while (have > 0 && k->keys[have] != c) {
		/* the longest end of what was seen that is a begin of the keys */
		size_t shorter = have - 1;

		while (shorter > 0 && memcmp(k->keys, k->keys + have - shorter, shorter) != 0)
			shorter--;
		have = shorter;
	}
	return k->keys[have] == c ? have + 1 : 0;
}

bool detach_keys_feed(struct detach_keys *k, char *p, size_t n)
{
	bool detach = false;

	for (size_t i = 0; i < n && k->n > 0; i++) {
		watch_paste(k, p[i]);
		k->seen = k->paste ? 0 : next_seen(k, (unsigned char) p[i]);
		if (k->seen < k->n)
			continue;
		p[i] = BELL;
		k->seen = 0;
		detach = true;
	}
	return detach;
}
