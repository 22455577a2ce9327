/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "jscan.h"
#include "mem.h"
#include "str.h"
#include "words.h"

enum {
	WORDS_MAX_PART = 512, /* raw bytes of one string */
	WORDS_MAX = 240, /* bytes of the line */
};

/*
 * The first string found under each of these keys at any depth, as registries use
 * different structures.
 */
enum part {
	PART_CODE,
	PART_MESSAGE,
	PART_DETAIL,
	PART_ERROR,
	_PART_MAX,
};

static const struct {
	const char *key;
	enum part part;
} keys[] = {
	{ "code", PART_CODE },	    { "message", PART_MESSAGE },	  { "detail", PART_DETAIL },
	{ "details", PART_DETAIL }, { "error_description", PART_DETAIL }, { "error", PART_ERROR },
};

struct reading {
	struct buf key;
	struct buf value;
	struct buf parts[_PART_MAX];
};

static void end_string(struct reading *r)
{
	struct buf *to;
	char *room;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		to = &r->parts[keys[i].part];
		if (!streq(buf_str(&r->key), keys[i].key) || to->len > 0 || r->value.len == 0)
			continue;
		room = buf_room(to, r->value.len);
		buf_commit(to, jscan_unescape(room, r->value.data, r->value.len));
	}
	buf_reset(&r->value);
	buf_reset(&r->key);
}

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct reading *r = ctx;

	(void) depth;
	switch (ev) {
	case JSCAN_EV_KEY:
		buf_add(&r->key, p, n);
		break;
	case JSCAN_EV_STRING:
		buf_add(&r->value, p, n);
		break;
	case JSCAN_EV_STRING_END:
		end_string(r);
		break;
	case JSCAN_EV_KEY_END:
		break;
	case JSCAN_EV_LITERAL:
	case JSCAN_EV_LITERAL_END:
	case JSCAN_EV_OBJECT_BEGIN:
	case JSCAN_EV_OBJECT_END:
	case JSCAN_EV_ARRAY_BEGIN:
	case JSCAN_EV_ARRAY_END:
		buf_reset(&r->key);
		break;
	}
}

/* Convert "MANIFEST_UNKNOWN" to the form in which docker prints it. */
static void readable(struct buf *code)
{
	for (size_t i = 0; i < code->len; i++) {
		if (code->data[i] == '_')
			code->data[i] = ' ';
		else if (code->data[i] >= 'A' && code->data[i] <= 'Z')
			code->data[i] = (char) (code->data[i] - 'A' + 'a');
	}
}

static void join(struct buf *out, const struct buf *part)
{
	/* avoid "manifest unknown: manifest unknown" */
	if (part->len == 0 || str_has_suffix(buf_str(out), buf_str(part)))
		return;
	if (out->len > 0)
		buf_adds(out, ": ");
	buf_add(out, part->data, part->len);
}

static bool is_markup(const char *body, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", *body)) {
		body++;
		n--;
	}
	return n > 0 && *body == '<';
}

void words_of(const char *body, size_t n, struct buf *out)
{
	cleanup_buf struct buf line = BUF_INIT(8 << 10), shown = BUF_INIT(32 << 10);
	struct reading r = { .key = BUF_INIT(WORDS_MAX_PART), .value = BUF_INIT(WORDS_MAX_PART) };
	struct jscan scan;
	size_t used;

	for (size_t i = 0; i < _PART_MAX; i++)
		buf_init(&r.parts[i], WORDS_MAX_PART);
	jscan_init(&scan, on_event, &r);
	if (jscan_feed(&scan, body, n, &used) == JSCAN_BAD) {
		if (!is_markup(body, n))
			buf_add(&line, body, strnlen(body, n < 512 ? n : 512));
	} else {
		readable(&r.parts[PART_CODE]);
		for (size_t i = 0; i < _PART_MAX; i++)
			join(&line, &r.parts[i]);
	}
	str_vis(&shown, buf_str(&line), line.len);
	str_one_line(out, buf_str(&shown), WORDS_MAX);
	for (size_t i = 0; i < _PART_MAX; i++)
		buf_clear(&r.parts[i]);
	buf_clear(&r.key);
	buf_clear(&r.value);
}
