/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "challenge.h"
#include "http.h"
#include "mem.h"
#include "str.h"
#include "words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a registry says as it refuses: headers up to an empty line, then a body. A
 * token has a place to come from, and words are fit for a terminal.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *) data, size);
	cleanup_strlist struct strlist headers = { 0 };
	cleanup_challenge struct challenge c = { 0 };
	cleanup_buf struct buf out = BUF_INIT(4096);
	const char *p = text;
	size_t i, n;

	for (n = strcspn(p, "\n"); n > 0 && headers.n < 8; n = strcspn(p, "\n")) {
		strlist_add_owned(&headers, xstrndup(p, n));
		p += n + (p[n] == '\n');
	}
	challenge_pick(&headers, http_is_url, &c);
	if (c.scheme == CHALLENGE_BEARER && !*c.realm)
		abort();
	words_of(p, strlen(p), &out);
	if (out.len > 240 || !utf8_valid(buf_str(&out), out.len))
		abort();
	for (i = 0; i < out.len; i++)
		if ((unsigned char) out.data[i] < ' ' || out.data[i] == 127)
			abort();
	return 0;
}
