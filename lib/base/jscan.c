/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "jscan.h"

/* What may come next. */
enum state {
	ST_VALUE = 0,
	ST_ARRAY_FIRST, /* a value or ']' */
	ST_OBJECT_FIRST, /* a key or '}' */
	ST_KEY_BEGIN,
	ST_COLON,
	ST_AFTER, /* ',' or the end of the enclosing object or array */
	ST_KEY, /* inside a key */
	ST_STRING,
	ST_WORD, /* true, false, null; sub: which one and how far */
	ST_NUMBER,
	ST_DONE,
	ST_BAD,
};

enum string_sub {
	SUB_PLAIN = 0,
	SUB_ESCAPE, /* after the backslash */
	SUB_HEX1, /* one more hex digit must follow */
	SUB_HEX2,
	SUB_HEX3,
	SUB_HEX4,
};

enum number_sub {
	NUM_BEGIN = 1,
	NUM_MINUS,
	NUM_ZERO,
	NUM_INT,
	NUM_POINT,
	NUM_FRACTION,
	NUM_E,
	NUM_E_SIGN,
	NUM_EXPONENT,
};

static const char *const words[] = { "true", "false", "null" };

void jscan_init(struct jscan *s, jscan_event_fn *event, void *ctx)
{
	*s = (struct jscan){ .event = event, .ctx = ctx };
}

static void emit(struct jscan *s, enum jscan_event ev, const char *p, size_t n)
{
	if (s->event != NULL)
		s->event(s->ctx, ev, s->depth, p, n);
}

static void emit_run(struct jscan *s, enum jscan_event ev, const char *p, size_t n)
{
	if (n > 0)
		emit(s, ev, p, n);
}

static void value_ended(struct jscan *s)
{
	s->sub = 0;
	s->state = s->depth == 0 ? ST_DONE : ST_AFTER;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * The scanner of each state consumes bytes from p and returns how many. On an invalid
 * byte it sets ST_BAD; that byte is not counted.
 */

static bool string_step(struct jscan *s, char c)
{
	if (s->sub == SUB_ESCAPE) {
		s->sub = c == 'u' ? SUB_HEX4 : SUB_PLAIN;
		return c != '\0' && strchr("\"\\/bfnrtu", c) != NULL;
	}
	s->sub = s->sub == SUB_HEX1 ? SUB_PLAIN : s->sub - 1;
	return is_hex(c);
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (unsigned char) (c))

/* Not zero if a byte of v is zero; which one is told wrongly only above the first. */
static uint64_t zero_bytes(uint64_t v)
{
	return (v - EACH_BYTE(1)) & ~v & EACH_BYTE(0x80);
}

/* How many bytes at p neither end a string nor begin an escape nor are forbidden in one. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t v;

	for (; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, p + i, sizeof(v));
		if (zero_bytes(v ^ EACH_BYTE('"')) || zero_bytes(v ^ EACH_BYTE('\\')) ||
		    ((v - EACH_BYTE(0x20)) & ~v & EACH_BYTE(0x80)))
			break;
	}
	while (i < n && (unsigned char) p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

static size_t scan_string(struct jscan *s, const char *p, size_t n)
{
	bool key = s->state == ST_KEY;
	enum jscan_event ev = key ? JSCAN_EV_KEY : JSCAN_EV_STRING;
	size_t i = 0;

	while (i < n) {
		if (s->sub == SUB_PLAIN) {
			i += plain_run(p + i, n - i);
			if (i == n)
				break;
			if (p[i] == '"') {
				emit_run(s, ev, p, i);
				emit(s, key ? JSCAN_EV_KEY_END : JSCAN_EV_STRING_END, NULL, 0);
				if (key)
					s->state = ST_COLON;
				else
					value_ended(s);
				return i + 1;
			}
			if (p[i] != '\\') {
				s->state = ST_BAD;
				break;
			}
			s->sub = SUB_ESCAPE;
		} else if (!string_step(s, p[i])) {
			s->state = ST_BAD;
			break;
		}
		i++;
	}
	emit_run(s, ev, p, i);
	return i;
}

static size_t scan_word(struct jscan *s, const char *p, size_t n)
{
	const char *word = words[s->sub >> 4];
	size_t at = s->sub & 15;
	size_t i = 0;

	while (i < n && word[at] != '\0' && p[i] == word[at]) {
		i++;
		at++;
	}
	s->sub = (s->sub & ~15U) | (unsigned) at;
	emit_run(s, JSCAN_EV_LITERAL, p, i);
	if (word[at] == '\0') {
		emit(s, JSCAN_EV_LITERAL_END, NULL, 0);
		value_ended(s);
	} else if (i < n) {
		s->state = ST_BAD;
	}
	return i;
}

/* The sub-state of a number after c; 0: c is not part of it. */
static unsigned number_step(unsigned sub, char c)
{
	switch (sub) {
	case NUM_BEGIN:
		if (c == '-')
			return NUM_MINUS;
		return c == '0' ? NUM_ZERO : is_digit(c) ? NUM_INT : 0;
	case NUM_MINUS:
		return c == '0' ? NUM_ZERO : is_digit(c) ? NUM_INT : 0;
	case NUM_ZERO:
	case NUM_INT:
		if (sub == NUM_INT && is_digit(c))
			return NUM_INT;
		return c == '.' ? NUM_POINT : c == 'e' || c == 'E' ? NUM_E : 0;
	case NUM_POINT:
		return is_digit(c) ? NUM_FRACTION : 0;
	case NUM_FRACTION:
		return is_digit(c) ? NUM_FRACTION : c == 'e' || c == 'E' ? NUM_E : 0;
	case NUM_E:
		if (c == '+' || c == '-')
			return NUM_E_SIGN;
		return is_digit(c) ? NUM_EXPONENT : 0;
	default: /* NUM_E_SIGN, NUM_EXPONENT */
		return is_digit(c) ? NUM_EXPONENT : 0;
	}
}

static bool number_may_end(unsigned sub)
{
	return sub == NUM_ZERO || sub == NUM_INT || sub == NUM_FRACTION || sub == NUM_EXPONENT;
}

static size_t scan_number(struct jscan *s, const char *p, size_t n)
{
	size_t i = 0;
	unsigned next;

	while (i < n) {
		next = number_step(s->sub, p[i]);
		if (next == 0)
			break;
		s->sub = next;
		i++;
	}
	emit_run(s, JSCAN_EV_LITERAL, p, i);
	if (i == n)
		return i;
	if (number_may_end(s->sub)) {
		emit(s, JSCAN_EV_LITERAL_END, NULL, 0);
		value_ended(s);
	} else {
		s->state = ST_BAD;
	}
	return i;
}

static size_t open_container(struct jscan *s, char c)
{
	if (s->depth == JSCAN_MAX_DEPTH) {
		s->state = ST_BAD;
		s->too_deep = true;
		return 0;
	}
	emit(s, c == '{' ? JSCAN_EV_OBJECT_BEGIN : JSCAN_EV_ARRAY_BEGIN, NULL, 0);
	s->stack[s->depth++] = (uint8_t) c;
	s->state = c == '{' ? ST_OBJECT_FIRST : ST_ARRAY_FIRST;
	return 1;
}

static size_t close_container(struct jscan *s, char c)
{
	if (s->depth == 0 || s->stack[s->depth - 1] != (c == '}' ? '{' : '[')) {
		s->state = ST_BAD;
		return 0;
	}
	s->depth--;
	emit(s, c == '}' ? JSCAN_EV_OBJECT_END : JSCAN_EV_ARRAY_END, NULL, 0);
	value_ended(s);
	return 1;
}

static size_t begin_value(struct jscan *s, char c)
{
	if (c == '{' || c == '[')
		return open_container(s, c);
	s->sub = 0;
	if (c == '"') {
		s->state = ST_STRING;
		return 1;
	}
	/*
	 * The first byte of a word or number belongs to its run, so the next scanner
	 * consumes it.
	 */
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (c == words[i][0]) {
			s->state = ST_WORD;
			s->sub = (unsigned) i << 4;
			return 0;
		}
	}
	s->state = c == '-' || is_digit(c) ? ST_NUMBER : ST_BAD;
	s->sub = NUM_BEGIN;
	return 0;
}

static size_t begin_key(struct jscan *s, char c)
{
	if (c != '"') {
		s->state = ST_BAD;
		return 0;
	}
	s->sub = SUB_PLAIN;
	s->state = ST_KEY;
	return 1;
}

/* A byte between the tokens that is no white space. */
static size_t scan_between(struct jscan *s, char c)
{
	switch (s->state) {
	case ST_VALUE:
		return begin_value(s, c);
	case ST_ARRAY_FIRST:
		return c == ']' ? close_container(s, c) : begin_value(s, c);
	case ST_OBJECT_FIRST:
		return c == '}' ? close_container(s, c) : begin_key(s, c);
	case ST_KEY_BEGIN:
		return begin_key(s, c);
	case ST_COLON:
		s->state = c == ':' ? ST_VALUE : ST_BAD;
		return c == ':';
	default: /* ST_AFTER */
		if (c == '}' || c == ']')
			return close_container(s, c);
		if (c != ',') {
			s->state = ST_BAD;
			return 0;
		}
		s->state = s->stack[s->depth - 1] == '{' ? ST_KEY_BEGIN : ST_VALUE;
		return 1;
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

enum jscan_result jscan_feed(struct jscan *s, const char *p, size_t n, size_t *used)
{
	size_t i = 0;

	while (i < n && s->state != ST_DONE && s->state != ST_BAD) {
		switch (s->state) {
		case ST_KEY:
		case ST_STRING:
			i += scan_string(s, p + i, n - i);
			break;
		case ST_WORD:
			i += scan_word(s, p + i, n - i);
			break;
		case ST_NUMBER:
			i += scan_number(s, p + i, n - i);
			break;
		default:
			while (i < n && is_space(p[i]))
				i++;
			if (i < n)
				i += scan_between(s, p[i]);
			break;
		}
	}
	*used = i;
	if (s->state == ST_BAD)
		return JSCAN_BAD;
	return s->state == ST_DONE ? JSCAN_DONE : JSCAN_MORE;
}

enum jscan_result jscan_finish(struct jscan *s)
{
	if (s->state == ST_NUMBER && s->depth == 0 && number_may_end(s->sub)) {
		emit(s, JSCAN_EV_LITERAL_END, NULL, 0);
		value_ended(s);
	}
	if (s->state == ST_BAD)
		return JSCAN_BAD;
	return s->state == ST_DONE ? JSCAN_DONE : JSCAN_MORE;
}

/* The members that are searched for, and which one is being read. */
struct lookup {
	struct jscan_member *v;
	size_t n;
	struct jscan_member *at; /* whose key was just read; NULL: another one's */
	bool object; /* the text is an object */
	bool empty_key; /* no run of this key was seen */
};

static struct jscan_member *find_member(const struct lookup *l, const char *key, size_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->v[i].key) == n && memcmp(l->v[i].key, key, n) == 0)
			return &l->v[i];
	return NULL;
}

/* The text is fed in one call, so every key, string and literal arrives as one run. */
static void on_lookup_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct lookup *l = ctx;

	if (depth == 0 && ev == JSCAN_EV_OBJECT_BEGIN) {
		l->object = true;
		l->empty_key = true;
	}
	if (depth != 1)
		return;
	switch (ev) {
	case JSCAN_EV_KEY:
		l->empty_key = false;
		l->at = find_member(l, p, n);
		break;
	case JSCAN_EV_KEY_END:
		if (l->empty_key)
			l->at = find_member(l, "", 0);
		l->empty_key = true;
		if (l->at)
			l->at->n = 0;
		break;
	case JSCAN_EV_STRING:
	case JSCAN_EV_LITERAL:
		if (l->at) {
			l->at->p = p;
			l->at->n = n;
		}
		break;
	case JSCAN_EV_STRING_END:
	case JSCAN_EV_LITERAL_END:
	case JSCAN_EV_OBJECT_END:
	case JSCAN_EV_ARRAY_END:
		if (l->at)
			l->at->type = ev;
		l->at = NULL;
		break;
	case JSCAN_EV_OBJECT_BEGIN:
	case JSCAN_EV_ARRAY_BEGIN:
		break;
	}
}

int jscan_members(const char *text, size_t n, struct jscan_member *v, size_t n_members)
{
	struct lookup l = { .v = v, .n = n_members };
	enum jscan_result res;
	struct jscan s;
	size_t used;

	for (size_t i = 0; i < n_members; i++)
		v[i] = (struct jscan_member){ .key = v[i].key };
	jscan_init(&s, on_lookup_event, &l);
	res = jscan_feed(&s, text, n, &used);
	if (res != JSCAN_DONE || !l.object)
		return -EINVAL;
	while (used < n && is_space(text[used]))
		used++;
	return used < n ? -EINVAL : 0;
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (unsigned) (is_digit(p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return v;
}

/* The character of the \u at p (n bytes are left); half a pair gives U+FFFD. */
static uint32_t unescape_u(const char *p, size_t n, size_t *ret_used)
{
	uint32_t c = hex4(p + 2);
	uint32_t low;

	*ret_used = 6;
	if (c >= 0xd800 && c <= 0xdbff && n >= 12 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*ret_used = 12;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return c >= 0xd800 && c <= 0xdfff ? 0xfffd : c;
}

static size_t put_utf8(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char) c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char) (0xc0 | c >> 6);
		out[1] = (char) (0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char) (0xe0 | c >> 12);
		out[1] = (char) (0x80 | (c >> 6 & 0x3f));
		out[2] = (char) (0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char) (0xf0 | c >> 18);
	out[1] = (char) (0x80 | (c >> 12 & 0x3f));
	out[2] = (char) (0x80 | (c >> 6 & 0x3f));
	out[3] = (char) (0x80 | (c & 0x3f));
	return 4;
}

/* One character of a raw string at p, valid by the scanner. */
static size_t unescape_one(const char *p, size_t n, char out[4], size_t *ret_used)
{
	static const char from[] = "bfnrt";
	static const char to[] = "\b\f\n\r\t";
	const char *at;

	*ret_used = 1;
	out[0] = p[0];
	if (p[0] != '\\')
		return 1;
	if (p[1] == 'u')
		return put_utf8(out, unescape_u(p, n, ret_used));
	*ret_used = 2;
	at = strchr(from, p[1]);
	out[0] = at != NULL ? to[at - from] : p[1];
	return 1;
}

size_t jscan_unescape(char *out, const char *p, size_t n)
{
	size_t len = 0, i = 0, used, k;
	const char *escape;
	char c[4];

	while (i < n) {
		escape = memchr(p + i, '\\', n - i);
		k = escape ? (size_t) (escape - (p + i)) : n - i;
		memcpy(out + len, p + i, k);
		len += k;
		i += k;
		if (i == n)
			break;
		k = unescape_one(p + i, n - i, c, &used);
		memcpy(out + len, c, k);
		len += k;
		i += used;
	}
	return len;
}

int jscan_member_str(const struct jscan_member *m, char *buf, size_t size)
{
	size_t len = 0;
	size_t i = 0;
	size_t used;

	if (m->type == 0)
		return -ENOENT;
	if (m->type != JSCAN_EV_STRING_END)
		return -EINVAL;
	while (i < m->n) {
		char c[4];
		size_t k = unescape_one(m->p + i, m->n - i, c, &used);

		if (c[0] == '\0')
			return -EINVAL; /* a C string cannot hold it */
		if (k >= size - len)
			return -E2BIG;
		memcpy(buf + len, c, k);
		len += k;
		i += used;
	}
	if (size == 0)
		return -E2BIG;
	buf[len] = '\0';
	return 0;
}

int jscan_member_i64(const struct jscan_member *m, int64_t *ret)
{
	int64_t v = 0;
	bool negative;

	if (m->type == 0)
		return -ENOENT;
	if (m->type != JSCAN_EV_LITERAL_END)
		return -EINVAL;
	negative = m->p[0] == '-';
	for (size_t i = negative; i < m->n; i++) {
		if (!is_digit(m->p[i]))
			return -EINVAL; /* a fraction, an exponent or a word */
		/* Downwards, as there is one more negative number. */
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, m->p[i] - '0', &v))
			return -ERANGE;
	}
	if (!negative && v == INT64_MIN)
		return -ERANGE;
	*ret = negative ? v : -v;
	return 0;
}

int jscan_get_str(const char *text, size_t n, const char *key, char *buf, size_t size)
{
	struct jscan_member m = { .key = key };
	int r = jscan_members(text, n, &m, 1);

	return r < 0 ? r : jscan_member_str(&m, buf, size);
}

int jscan_get_i64(const char *text, size_t n, const char *key, int64_t *ret)
{
	struct jscan_member m = { .key = key };
	int r = jscan_members(text, n, &m, 1);

	return r < 0 ? r : jscan_member_i64(&m, ret);
}
