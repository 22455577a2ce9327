/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile JSON, from the wire or a state file, decoded as every kind. */
#include "config.h"

#include <stdlib.h>

#include "doc_check.h"
#include "node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kerr err = { 0 };
	struct node *n = NULL;
	int r;

	r = node_read_json((const char *) data, size, "json", &n, &err);
	if (r < 0 && (n || !err.msg[0]))
		abort();
	if (r == 0)
		doc_check(n);
	(void) node_free(n);
	return 0;
}
