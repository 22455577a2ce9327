/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/random.h>

#include <jansson.h>

#include "buf.h"
#include "jscan.h"
#include "jval.h"
#include "mem.h"
#include "str.h"

/*
 * The scanner checks a text before jansson parses it: it enforces the limits and finds
 * the position of an error. Where jansson refuses what Go's encoding/json accepts, the
 * text is replaced:
 *
 *     bytes that are not UTF-8, half a surrogate pair, NUL in a key   U+FFFD
 *     a number that is not a signed 64-bit integer                    "\u0000" + its text
 *     a string that begins with a NUL                                 an additional NUL
 *
 * so a string that begins with exactly one NUL is always a number.
 */
struct guard {
	struct buf clean; /* the text with replacements, up to done */
	const char *text;
	const char *done; /* NULL: nothing was replaced so far */
	const char *run; /* of the string or literal being read: it comes in one run */
	size_t run_len;
	size_t values;
	bool too_many;
};

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NUL_ESCAPE "\\u0000"

/* Copy the text unchanged up to p and skip n bytes. */
static void skip_to(struct guard *g, const char *p, size_t n)
{
	const char *from = g->done ? g->done : g->text;

	buf_add(&g->clean, from, (size_t) (p - from));
	g->done = p + n;
}

static uint32_t escape_value(const char *p)
{
	char hex[5] = { p[2], p[3], p[4], p[5], '\0' };
	uint64_t v = 0;

	(void) str_to_u64_base(hex, 16, 0xffff, &v); /* the scanner has seen the digits */
	return (uint32_t) v;
}

static bool is_surrogate(uint32_t c, uint32_t first)
{
	return c >= first && c < first + 0x400;
}

static bool is_escape_u(const char *p, size_t n)
{
	return n >= 6 && p[0] == '\\' && p[1] == 'u';
}

/* Length of the character or escape at p; *bad: it must be replaced. */
static size_t next_character(const char *p, size_t n, bool key, bool *bad)
{
	uint32_t c;
	size_t k;

	*bad = false;
	if (p[0] != '\\') {
		k = utf8_len(p, n);
		*bad = k == 0;
		return k ? k : 1;
	}
	if (p[1] != 'u')
		return 2;
	c = escape_value(p);
	if (is_surrogate(c, 0xd800) && is_escape_u(p + 6, n - 6) &&
	    is_surrogate(escape_value(p + 6), 0xdc00))
		return 12;
	*bad = is_surrogate(c, 0xd800) || is_surrogate(c, 0xdc00) || (key && c == 0);
	return 6;
}

static void guard_string(struct guard *g, bool key)
{
	const char *p = g->run, *end = p + g->run_len;
	bool bad;
	size_t k;

	if (!key && is_escape_u(p, g->run_len) && escape_value(p) == 0) {
		skip_to(g, p, 0);
		buf_adds(&g->clean, NUL_ESCAPE);
	}
	for (; p < end; p += k) {
		k = next_character(p, (size_t) (end - p), key, &bad);
		if (!bad)
			continue;
		skip_to(g, p, k);
		buf_adds(&g->clean, REPLACEMENT);
	}
}

static bool fits_i64(const char *p, size_t n)
{
	char digits[24];
	int64_t v;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, p, n);
	digits[n] = '\0';
	return str_to_i64(digits, INT64_MIN, INT64_MAX, &v) == 0;
}

static void guard_literal(struct guard *g)
{
	const char *p = g->run;

	if (strchr("tfn", *p) || fits_i64(p, g->run_len))
		return;
	skip_to(g, p, g->run_len);
	buf_adds(&g->clean, "\"" NUL_ESCAPE);
	buf_add(&g->clean, p, g->run_len);
	buf_addc(&g->clean, '"');
}

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct guard *g = ctx;

	if (g->values == KUKE_MAX_NODES && ev != JSCAN_EV_OBJECT_END && ev != JSCAN_EV_ARRAY_END)
		g->too_many = true;
	if (g->too_many)
		return;
	switch (ev) {
	case JSCAN_EV_OBJECT_BEGIN:
	case JSCAN_EV_ARRAY_BEGIN:
		g->values++;
		break;
	case JSCAN_EV_OBJECT_END:
	case JSCAN_EV_ARRAY_END:
		break;
	case JSCAN_EV_KEY:
	case JSCAN_EV_STRING:
	case JSCAN_EV_LITERAL:
		g->run = p;
		g->run_len = n;
		break;
	case JSCAN_EV_KEY_END:
	case JSCAN_EV_STRING_END:
	case JSCAN_EV_LITERAL_END:
		g->values++;
		if (ev == JSCAN_EV_LITERAL_END)
			guard_literal(g);
		else if (g->run_len > 0)
			guard_string(g, ev == JSCAN_EV_KEY_END);
		g->run_len = 0;
		break;
	}
}

/* Check that the text is one JSON value within the limits. */
static int guard_text(struct guard *g, const char *text, size_t n, const char *what,
		      struct kerr *err)
{
	enum jscan_result result;
	size_t used = 0;
	struct jscan s;

	jscan_init(&s, on_event, g);
	result = jscan_feed(&s, text, n, &used);
	if (result == JSCAN_MORE)
		result = jscan_finish(&s);
	while (result == JSCAN_DONE && used < n && text[used] && strchr(" \t\r\n", text[used]))
		used++;
	if (g->too_many)
		return kerr_plain(err, -E2BIG, "%s: more than %d JSON values", what,
				  KUKE_MAX_NODES);
	if (result == JSCAN_MORE)
		return kerr_plain(err, -EINVAL, "%s: unexpected end of JSON input", what);
	if (s.too_deep)
		return kerr_plain(
			err, -E2BIG,
			"%s: objects and lists are nested deeper than %d levels at byte %zu", what,
			JSCAN_MAX_DEPTH, used + 1);
	if (result != JSCAN_DONE || used < n)
		return kerr_plain(err, -EINVAL, "%s: invalid JSON at byte %zu", what, used + 1);
	return 0;
}

/*
 * Abort when out of memory, and seed the hash without opening /dev/urandom, which a
 * sandbox may lack.
 */
static void prepare_jansson(void)
{
	size_t seed = 0;

	json_set_alloc_funcs(xmalloc, free);
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		json_object_seed(seed);
}

int jval_read(const char *text, size_t n, const char *what, struct jval **ret, struct kerr *err)
{
	/* A replacement is at most four times as long: "\u0000" in front of a number like 1.5. */
	struct guard g = { .clean = BUF_INIT(4 * n + 64), .text = text };
	json_error_t why;
	json_t *root;
	int r;

	r = guard_text(&g, text, n, what, err);
	if (r == 0 && g.done)
		skip_to(&g, text + n, 0);
	if (r == 0 && g.done)
		r = buf_check(&g.clean, what, err);
	if (r < 0) {
		buf_clear(&g.clean);
		return r;
	}
	prepare_jansson();
	root = json_loadb(g.done ? g.clean.data : text, g.done ? g.clean.len : n,
			  JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	buf_clear(&g.clean);
	if (!root)
		return kerr_plain(err, -EINVAL, "%s: invalid JSON at byte %d: %s", what,
				  why.position + 1, why.text);
	*ret = (struct jval *) root;
	return 0;
}

/* ---- values ---- */

struct jval *jval_free(struct jval *root)
{
	json_decref((json_t *) root);
	return NULL;
}

static const json_t *json_of(const struct jval *v)
{
	return (const json_t *) v;
}

static const struct jval *value_of(const json_t *v)
{
	return (const struct jval *) v;
}

bool jval_is_object(const struct jval *v)
{
	return json_is_object(json_of(v));
}

bool jval_is_array(const struct jval *v)
{
	return json_is_array(json_of(v));
}

bool jval_is_null(const struct jval *v)
{
	return !v || json_is_null(json_of(v));
}

const struct jval *jval_get(const struct jval *object, const char *key)
{
	return value_of(json_object_get(json_of(object), key));
}

size_t jval_count(const struct jval *array)
{
	return json_array_size(json_of(array));
}

const struct jval *jval_item(const struct jval *array, size_t i)
{
	return value_of(json_array_get(json_of(array), i));
}

bool jval_next(const struct jval *object, void **iter, const char **ret_key,
	       const struct jval **ret)
{
	json_t *o = (json_t *) (uintptr_t) object; /* jansson's iterators can change it */

	*iter = *iter ? json_object_iter_next(o, *iter) : json_object_iter(o);
	if (!*iter)
		return false;
	*ret_key = json_object_iter_key(*iter);
	*ret = value_of(json_object_iter_value(*iter));
	return true;
}

const char *jval_str(const struct jval *v)
{
	const char *s = json_string_value(json_of(v));

	return s && strlen(s) == json_string_length(json_of(v)) ? s : NULL;
}

/* The text of a number that is kept as a string, NULL for all else. */
static const char *number_text(const struct jval *v)
{
	const char *s = json_string_value(json_of(v));

	return s && json_string_length(json_of(v)) > 1 && s[0] == '\0' && s[1] != '\0' ? s + 1
										       : NULL;
}

int jval_i64(const struct jval *v, int64_t *ret)
{
	const char *text = number_text(v);

	if (text)
		return strpbrk(text, ".eE") ? -EINVAL : -ERANGE;
	if (!json_is_integer(json_of(v)))
		return -EINVAL;
	*ret = json_integer_value(json_of(v));
	return 0;
}

int jval_u64(const struct jval *v, uint64_t *ret)
{
	const char *text = number_text(v);
	int64_t i;
	int r;

	if (text)
		return str_to_u64(text, 0, UINT64_MAX, ret);
	r = jval_i64(v, &i);
	if (r < 0 || i < 0)
		return r < 0 ? r : -ERANGE;
	*ret = (uint64_t) i;
	return 0;
}

int jval_bool(const struct jval *v, bool *ret)
{
	if (!json_is_boolean(json_of(v)))
		return -EINVAL;
	*ret = json_is_true(json_of(v));
	return 0;
}

bool jval_is_zero(const struct jval *v)
{
	const json_t *j = json_of(v);

	if (!j)
		return true;
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return json_object_size(j) == 0;
	case JSON_ARRAY:
		return json_array_size(j) == 0;
	case JSON_STRING:
		return json_string_length(j) == 0;
	case JSON_INTEGER:
		return json_integer_value(j) == 0;
	case JSON_REAL: /* does not occur: real numbers are kept as strings */
	case JSON_TRUE:
		return false;
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return true;
}

/* ---- members by their type ---- */

int jval_get_str(const struct jval *object, const char *key, const char *where, char **ret,
		 struct kerr *err)
{
	const struct jval *v = jval_get(object, key);
	const char *s = jval_str(v);

	if (!s && !jval_is_null(v))
		return kerr_plain(err, -EINVAL, "%s.%s: must be a string", where, key);
	*ret = xstrdup(s ? s : "");
	return 0;
}

int jval_get_strlist(const struct jval *object, const char *key, const char *where,
		     struct strlist *ret, struct kerr *err)
{
	const struct jval *v = jval_get(object, key);
	const char *s;

	if (jval_is_null(v))
		return 0;
	if (!jval_is_array(v))
		return kerr_plain(err, -EINVAL, "%s.%s: must be a list of strings", where, key);
	strlist_make_empty(ret);
	for (size_t i = 0; i < jval_count(v); i++) {
		s = jval_str(jval_item(v, i));
		if (!s)
			return kerr_plain(err, -EINVAL, "%s.%s[%zu]: must be a string", where, key,
					  i);
		strlist_add(ret, s);
	}
	return 0;
}

int jval_get_strmap(const struct jval *object, const char *key, const char *where,
		    struct strmap *ret, struct kerr *err)
{
	const struct jval *map = jval_get(object, key), *v;
	void *iter = NULL;
	const char *k, *s;

	if (jval_is_null(map))
		return 0;
	if (!jval_is_object(map))
		return kerr_plain(err, -EINVAL, "%s.%s: must be an object of strings", where, key);
	while (jval_next(map, &iter, &k, &v)) {
		s = jval_str(v);
		if (!s)
			return kerr_plain(err, -EINVAL, "%s.%s: must be an object of strings",
					  where, key);
		strmap_set(ret, k, s);
	}
	return 0;
}
