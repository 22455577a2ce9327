/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "chain.h"
#include "dns_msg.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "example.com";

static void finish(const struct buf *reply, unsigned type)
{
	cleanup_buf struct buf out = BUF_INIT(DNS_MSG_MAX), ask = BUF_INIT(DNS_UDP_MIN);
	struct dns_answer a;
	struct dns_query q;

	dns_ask_write(&ask, 1, name, type);
	if (reply->failed || dns_query_read((const uint8_t *) ask.data, ask.len, &q) != 0)
		abort();
	dns_reply_finish(&out, reply, &q, 7, DNS_MSG_MAX);
	if (out.failed || dns_answer_read((const uint8_t *) out.data, out.len, name, type, &a) < 0)
		abort();
	if (a.n_answers + a.n_authority > 0 && a.ttl != 7)
		abort();
}

static void as_addresses(const struct dns_answer *a, unsigned type)
{
	cleanup_buf struct buf reply = BUF_INIT(DNS_REPLY_MAX);
	cleanup_chain struct chain c = { 0 };

	if (chain_walk(a, name, type, &c) < 0)
		return;
	if (c.names.n > CHAIN_MAX || c.n_addrs > DNS_ADDRS_MAX || c.ttl > DNS_TTL_MAX)
		abort();
	chain_reply(&c, name, type, &reply);
	finish(&reply, type);
}

static void as_it_is(const struct dns_answer *a, unsigned type)
{
	cleanup_buf struct buf reply = BUF_INIT(DNS_REPLY_MAX);

	dns_reply_pass(&reply, a, name, type);
	if (!reply.failed) /* too long for what comes with it */
		finish(&reply, type);
}

/* The answer of a resolver to a question for that name, of any of these types. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_MX };
	struct dns_answer a;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (dns_answer_read(data, size, name, types[i], &a) < 0)
			continue;
		as_addresses(&a, types[i]);
		as_it_is(&a, types[i]);
	}
	return 0;
}
