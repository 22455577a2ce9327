/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON scanner: however the bytes come, the verdict, the bytes used and the
 * events are the same. The first byte of the input chooses the pieces.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "jscan.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A digest of the events, and what the contract says of each. */
struct trace {
	uint32_t crc;
	unsigned depth;
	enum jscan_event run; /* the kind of run we are in */
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct trace *t = ctx;
	bool run = ev == JSCAN_EV_KEY || ev == JSCAN_EV_STRING || ev == JSCAN_EV_LITERAL;
	uint8_t head[2] = { (uint8_t) ev, (uint8_t) depth };

	if (ev == JSCAN_EV_OBJECT_END || ev == JSCAN_EV_ARRAY_END)
		t->depth--;
	require(depth == t->depth && depth <= JSCAN_MAX_DEPTH);
	require(run == (n > 0));
	if (ev == JSCAN_EV_OBJECT_BEGIN || ev == JSCAN_EV_ARRAY_BEGIN)
		t->depth++;
	if (ev != t->run)
		t->crc = crc32c_add(t->crc, head, sizeof(head));
	t->run = run ? ev : 0;
	if (n > 0)
		t->crc = crc32c_add(t->crc, p, n);
}

static enum jscan_result scan(const char *p, size_t n, size_t step, struct trace *t,
			      size_t *ret_used)
{
	enum jscan_result res = JSCAN_MORE;
	struct jscan s;
	size_t used;

	*t = (struct trace){ 0 };
	*ret_used = 0;
	jscan_init(&s, on_event, t);
	while (*ret_used < n && res == JSCAN_MORE) {
		size_t left = n - *ret_used;
		size_t piece = step < left ? step : left;

		res = jscan_feed(&s, p + *ret_used, piece, &used);
		require(used <= piece && (res != JSCAN_MORE || used == piece));
		*ret_used += used;
	}
	return res == JSCAN_MORE ? jscan_finish(&s) : res;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data + 1;
	struct trace whole;
	struct trace pieces;
	size_t used[2];
	char value[16];
	int64_t number;

	if (size == 0)
		return 0;
	size--;
	require(scan(text, size, size + 1, &whole, &used[0]) ==
		scan(text, size, 1 + data[0] % 7, &pieces, &used[1]));
	require(used[0] == used[1] && whole.crc == pieces.crc && whole.depth == pieces.depth);
	(void) jscan_get_str(text, size, "a", value, sizeof(value)); /* for the sanitizers' eyes */
	(void) jscan_get_i64(text, size, "a", &number);
	return 0;
}
