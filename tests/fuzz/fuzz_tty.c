/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "jscan.h"
#include "mem.h"
#include "tty_proto.h"
#include "ttyconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is answered to a request is itself one JSON value, whatever it asks for. */
static void check_reply(const struct tty_request *r)
{
	struct buf out = BUF_INIT(TTY_REPLY_MAX);
	struct jscan s;
	size_t used = 0;

	if (r->error[0] != '\0')
		tty_add_error(&out, r, r->error);
	else
		tty_add_error(&out, r, r->client);
	jscan_init(&s, NULL, NULL);
	if (!out.failed && jscan_feed(&s, buf_str(&out), out.len, &used) != JSCAN_DONE)
		abort();
	buf_clear(&out);
}

/* A request, a reply and a terminal's document, of the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xmemdup(size == 0 ? (const void *) "" : data, size + (size == 0));
	cleanup_ttyconfig struct ttyconfig config = { .text = BUF_INIT(TTYCONFIG_MAX) };
	struct tty_request r;
	char error[TTY_ERROR_MAX];
	const char *result;
	struct jscan s;
	size_t used = 0, n;

	jscan_init(&s, NULL, NULL);
	if (jscan_feed(&s, text, size, &used) == JSCAN_DONE &&
	    tty_request_parse(text, used, &r) == 0) {
		if (r.method == 0 && r.error[0] == '\0')
			abort();
		check_reply(&r);
		(void) tty_base64(text, text, size);
	}
	(void) tty_reply_parse((const char *) data, size, &result, &n, error);
	buf_add(&config.text, data, size);
	(void) ttyconfig_parse(&config, NULL);
	return 0;
}
