/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile manifests: a stream of YAML documents, each decoded as every kind. */
#include "config.h"

#include <stdlib.h>

#include "doc_check.h"
#include "node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node_stream *s = node_stream_new((const char *) data, size);
	struct kerr err = { 0 };
	struct node *n = NULL;
	unsigned line, col;
	int r;

	while ((r = node_stream_next(s, &n, &err)) > 0) {
		doc_check(n);
		n = node_free(n);
	}
	node_stream_mark(s, &line, &col);
	if (r < 0 && (!err.msg[0] || line == 0 || col == 0))
		abort();
	(void) node_stream_free(s);
	return 0;
}
