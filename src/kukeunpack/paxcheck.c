/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "paxcheck.h"
#include "str.h"

enum {
	/* offsets in a header (POSIX ustar, and GNU's sparse maps) */
	H_SIZE = 124,
	H_SUM = 148,
	H_TYPE = 156,
	H_MAGIC = 257,
	H_SPARSE_MORE = 482, /* offset in a header */
	S_SPARSE_MORE = 504, /* offset in a block of the map */
	N_NUMBER = 12,
	N_SUM = 8,
};

static bool is_zero(const unsigned char *b)
{
	size_t i;

	for (i = 0; i < PAXCHECK_BLOCK && b[i] == 0; i++)
		;
	return i == PAXCHECK_BLOCK;
}

/*
 * A number: octal digits after blanks, or base 256 when the top bit is set. UINT64_MAX
 * for others.
 */
static uint64_t number(const unsigned char *p, size_t n)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		v = p[0] & 0x3f;
		for (i = 1; i < n; i++) {
			if (v >> 54)
				return UINT64_MAX;
			v = v << 8 | p[i];
		}
		return v;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t) (p[i] - '0');
	return v;
}

static bool sum_is_right(const unsigned char *h)
{
	uint64_t want = number(h + H_SUM, N_SUM), sum = 0;

	for (size_t i = 0; i < PAXCHECK_BLOCK; i++)
		sum += i >= H_SUM && i < H_SUM + N_SUM ? ' ' : h[i];
	return sum == want;
}

static void skip(struct paxcheck *c, uint64_t size)
{
	c->left = size + (-size & (PAXCHECK_BLOCK - 1));
	c->state = c->left > 0 ? PAXCHECK_SKIP : PAXCHECK_HEADER;
}

static void begin_record(struct paxcheck *c)
{
	c->record_left = c->record_used = 0;
	c->key_len = c->shown_len = 0;
	c->nul = false;
	c->state = PAXCHECK_LENGTH;
}

static void begin_pax(struct paxcheck *c, uint64_t size)
{
	c->pax = true;
	skip(c, size);
	c->pax_left = size;
	if (size > 0)
		begin_record(c);
}

/* The formats do not tell whether a hard link has a body; decide as libarchive does. */
static void begin_hard_link(struct paxcheck *c, uint64_t size)
{
	const unsigned char *magic = c->block + H_MAGIC;

	if (memcmp(magic, "ustar", 5) != 0 || magic[5] == ' ') {
		c->pax = false;
		size = 0;
	}
	skip(c, size);
	if (size > 0 && !c->pax)
		c->state = PAXCHECK_MAY_BE_BODY;
}

static void begin_entry(struct paxcheck *c, uint64_t size)
{
	const unsigned char *h = c->block;

	if (c->has_size)
		size = c->size;
	c->has_size = false;
	if (size > INT64_MAX / 2) {
		c->state = PAXCHECK_OVER;
	} else if (h[H_TYPE] == '1') {
		begin_hard_link(c, size);
	} else if (h[H_TYPE] >= '2' && h[H_TYPE] <= '6') {
		skip(c, 0);
	} else {
		skip(c, size);
		if (h[H_TYPE] == 'S' && h[H_SPARSE_MORE])
			c->state = PAXCHECK_SPARSE;
	}
}

static void take_header(struct paxcheck *c)
{
	const unsigned char *h = c->block;
	uint64_t size = number(h + H_SIZE, N_NUMBER);

	if (is_zero(h) || !sum_is_right(h) || size > INT64_MAX / 2) {
		c->state = PAXCHECK_OVER;
		return;
	}
	switch (h[H_TYPE]) {
	case 'x':
	case 'X':
	case 'g':
		begin_pax(c, size);
		break;
	case 'L':
	case 'K':
		skip(c, size);
		break;
	default:
		begin_entry(c, size);
	}
}

/* Handle a complete block. */
static void take_block(struct paxcheck *c)
{
	c->have = 0;
	switch (c->state) {
	case PAXCHECK_MAY_BE_BODY:
		if (!sum_is_right(c->block)) {
			c->left -= PAXCHECK_BLOCK;
			c->state = c->left > 0 ? PAXCHECK_SKIP : PAXCHECK_HEADER;
			break;
		}
		take_header(c);
		break;
	case PAXCHECK_SPARSE:
		if (!c->block[S_SPARSE_MORE])
			c->state = c->left > 0 ? PAXCHECK_SKIP : PAXCHECK_HEADER;
		break;
	default:
		take_header(c);
	}
}

static bool is_name(const struct paxcheck *c)
{
	return streq(c->key, "path") || streq(c->key, "linkpath") ||
	       streq(c->key, "GNU.sparse.name");
}

static int refuse(const struct paxcheck *c, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * PAXCHECK_SHOWN);

	str_vis(&shown, c->shown, c->shown_len);
	return kerr_plain(err, -EBADMSG, "bad tar archive: refused '%s': a NUL byte in the name",
			  buf_str(&shown));
}

/* One byte of a value, without the newline at its end. */
static void take_value(struct paxcheck *c, char b)
{
	c->nul |= b == '\0';
	if (c->shown_len < PAXCHECK_SHOWN)
		c->shown[c->shown_len++] = b;
	if (streq(c->key, "size") && b >= '0' && b <= '9' && c->size < UINT64_MAX / 16)
		c->size = c->size * 10 + (uint64_t) (b - '0');
}

static void take_length(struct paxcheck *c, char b)
{
	c->record_used++;
	if (b >= '0' && b <= '9' && c->record_left < UINT32_MAX) {
		c->record_left = c->record_left * 10 + (uint64_t) (b - '0');
		return;
	}
	if (b != ' ' || c->record_left <= c->record_used) {
		c->state = PAXCHECK_OVER;
		return;
	}
	c->record_left -= c->record_used;
	c->state = PAXCHECK_IN_KEY;
}

static void take_key(struct paxcheck *c, char b)
{
	c->record_left--;
	if (c->record_left == 0) {
		c->state = PAXCHECK_OVER; /* a record without '=' */
		return;
	}
	if (b != '=') {
		c->key[c->key_len] = b;
		c->key_len += c->key_len < PAXCHECK_KEY;
		return;
	}
	c->key[c->key_len] = '\0';
	c->state = PAXCHECK_IN_VALUE;
	if (streq(c->key, "size")) {
		c->has_size = true;
		c->size = 0;
	}
}

/* One byte of a pax header's records. */
static int take_pax(struct paxcheck *c, char b, struct kerr *err)
{
	c->left--;
	c->pax_left--;
	switch (c->state) {
	case PAXCHECK_LENGTH:
		take_length(c, b);
		break;
	case PAXCHECK_IN_KEY:
		take_key(c, b);
		break;
	default:
		if (--c->record_left > 0) {
			take_value(c, b);
			break;
		}
		if (c->nul && is_name(c))
			return refuse(c, err);
		begin_record(c);
	}
	if (c->pax_left == 0 && c->state != PAXCHECK_OVER)
		c->state = c->left > 0 ? PAXCHECK_SKIP : PAXCHECK_HEADER;
	return 0;
}

/* Skip bytes that need no inspection. Returns their number. */
static size_t pass_over(struct paxcheck *c, size_t n)
{
	if (n > c->left)
		n = (size_t) c->left;
	c->left -= n;
	if (c->left == 0)
		c->state = PAXCHECK_HEADER;
	return n;
}

static size_t collect(struct paxcheck *c, const char *p, size_t n)
{
	size_t want = PAXCHECK_BLOCK - c->have;

	if (n > want)
		n = want;
	memcpy(c->block + c->have, p, n);
	c->have += n;
	if (c->have == PAXCHECK_BLOCK)
		take_block(c);
	return n;
}

int paxcheck_feed(struct paxcheck *c, const void *bytes, size_t n, struct kerr *err)
{
	const char *p = bytes, *end = p + n;
	int r;

	while (p < end && c->state != PAXCHECK_OVER) {
		switch (c->state) {
		case PAXCHECK_HEADER:
		case PAXCHECK_MAY_BE_BODY:
		case PAXCHECK_SPARSE:
			p += collect(c, p, (size_t) (end - p));
			break;
		case PAXCHECK_SKIP:
			p += pass_over(c, (size_t) (end - p));
			break;
		default:
			r = take_pax(c, *p++, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
