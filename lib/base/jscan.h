/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JSCAN_H
#define KUKEON_JSCAN_H

#include "defs.h"

/*
 * A bounded scanner for JSON (RFC 8259) over bytes that may come in pieces. It
 * allocates nothing and knows nothing of values: it finds where a value ends,
 * and reports events on the way, so that a frame can be cut, an id returned
 * verbatim and a large string streamed elsewhere.
 */
enum jscan_result {
	JSCAN_MORE = 0, /* the value is not complete */
	JSCAN_DONE = 1, /* it is; *used bytes belong to it */
	JSCAN_BAD = -22, /* invalid JSON, or nested too deep: -EINVAL */
};

enum jscan_event {
	JSCAN_EV_OBJECT_BEGIN = 1,
	JSCAN_EV_OBJECT_END,
	JSCAN_EV_ARRAY_BEGIN,
	JSCAN_EV_ARRAY_END,
	JSCAN_EV_KEY, /* a run of raw bytes of a key, without the quotes, escapes not undone */
	JSCAN_EV_KEY_END,
	JSCAN_EV_STRING, /* likewise of a string value */
	JSCAN_EV_STRING_END,
	JSCAN_EV_LITERAL, /* a run of bytes of a number, true, false or null */
	JSCAN_EV_LITERAL_END,
};

/*
 * p, n: the bytes of this run (empty for begin and end; never empty otherwise).
 * depth: how many objects and arrays are around it. The outermost object begins
 * and ends at depth 0; its keys and the values of these are at depth 1.
 */
typedef void jscan_event_fn(void *ctx, enum jscan_event ev, unsigned depth, const char *p,
			    size_t n);

enum {
	JSCAN_MAX_DEPTH = 64
};

struct jscan {
	jscan_event_fn *event; /* may be NULL */
	void *ctx;
	unsigned depth;
	unsigned state;
	unsigned sub;
	bool too_deep; /* JSCAN_BAD is for an object or array that is the 65th around one value */
	uint8_t stack[JSCAN_MAX_DEPTH]; /* '{' or '[' */
};

void jscan_init(struct jscan *s, jscan_event_fn *event, void *ctx);
/*
 * Feed bytes. *used: how many were taken (all of them on JSCAN_MORE; on JSCAN_BAD the
 * next one is the invalid byte). A number at the top level ends only with the byte
 * after it or with jscan_finish, which returns JSCAN_MORE if the value is incomplete.
 * White space after the value is left to the caller.
 */
enum jscan_result jscan_feed(struct jscan *s, const char *p, size_t n, size_t *used);
enum jscan_result jscan_finish(struct jscan *s);

/*
 * Undo the escapes of the whole raw run of a string or key that was scanned in one
 * piece. out has room for n bytes, the result is never longer; its length is returned.
 * It may hold NUL bytes; half a surrogate pair gives U+FFFD, bytes that are not UTF-8
 * stay as they are.
 */
size_t jscan_unescape(char *out, const char *p, size_t n);

/*
 * For small flat files that kukeon itself writes: members of the one object that text
 * is, found in one pass. key is set by the caller. Of a key given twice the last counts.
 */
struct jscan_member {
	const char *key;
	enum jscan_event type; /* how its value ended; 0: there is no such key */
	const char *p; /* n raw bytes of a string or literal, in the text */
	size_t n;
};

/* 0 with the rest of each v filled in; -EINVAL: not one complete JSON object. */
int jscan_members(const char *text, size_t n, struct jscan_member *v, size_t n_members);
/*
 * The value. str: undone escapes into buf (-ENOENT no such key, -EINVAL another type,
 * -E2BIG); buf may be half written on failure. i64 likewise, -ERANGE.
 */
int jscan_member_str(const struct jscan_member *m, char *buf, size_t size);
int jscan_member_i64(const struct jscan_member *m, int64_t *ret);
/* Both steps for one key. */
int jscan_get_str(const char *text, size_t n, const char *key, char *buf, size_t size);
int jscan_get_i64(const char *text, size_t n, const char *key, int64_t *ret);

#endif
