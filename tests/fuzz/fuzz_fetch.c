/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "fetch.h"
#include "proto_msg.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a kukefetch in foreign hands may say: its words are fit for a terminal, its
 * digests are digests.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct fetch_event e;
	struct digest d;
	const char *p;

	if (!proto_msg_valid((const char *) data, size))
		return 0;
	buf_add(&m.text, data, size);
	if (!fetch_event_parse(&m, &e))
		return 0;
	for (p = e.err.msg; *p; p++)
		if ((unsigned char) *p < ' ' || *p == 127)
			abort();
	if (digest_is_set(&e.digest) && digest_parse(e.digest.text, &d) < 0)
		abort();
	return 0;
}
