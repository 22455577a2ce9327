/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "copy.h"
#include "doc_check.h"
#include "emit.h"
#include "field.h"

#include "decode.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "mem.h"
#include "model.h"
#include "node.h"

enum {
	OUT_MAX = 256 << 20, /* aliases may stand for much more than the input */
};

static void require_same(const struct model_type *t, const void *a, void *b, int r)
{
	if (r < 0 || !model_eq(t, a, b))
		abort();
	model_clear(t, b);
}

static void check_as(const struct model_type *t, const struct node *n)
{
	struct unknown_fields unknown = { 0 };
	struct buf out = BUF_INIT(OUT_MAX);
	void *a = xcalloc(1, t->size), *b = xcalloc(1, t->size);
	struct kerr err = { 0 };

	if (model_decode(t, n, a, &unknown, &err) == 0) {
		model_emit_json(&out, t, a, EMIT_INDENT);
		require_same(t, a, b, model_read_json(t, buf_str(&out), out.len, b, &err));
		buf_reset(&out);
		model_emit_yaml(&out, t, a, 4, 0);
		require_same(t, a, b, model_read_yaml(t, buf_str(&out), out.len, b, NULL, &err));
		model_copy(t, b, a);
		require_same(t, a, b, 0);
	} else if (!err.msg[0] || !model_is_zero(t, a)) {
		abort();
	}
	model_clear(t, a);
	unknown_fields_clear(&unknown);
	buf_clear(&out);
	free(a);
	free(b);
}

void doc_check(const struct node *n)
{
	enum kind k;

	for (k = KIND_REALM; k < _KIND_MAX; k++)
		check_as(kind_info(k)->type, n);
}
