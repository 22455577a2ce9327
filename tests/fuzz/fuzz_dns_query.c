/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "chain.h"
#include "dns_msg.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is answered is a message that has the question in it, and fits. */
static void check_reply(const struct buf *out, const struct dns_query *q, size_t limit)
{
	if (out->failed || out->len > limit || out->len < DNS_HEADER + q->question_n)
		abort();
	if (memcmp(out->data + DNS_HEADER, q->question, q->question_n) != 0)
		abort();
}

/* A query of a cell. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf reply = BUF_INIT(DNS_REPLY_MAX), out = BUF_INIT(DNS_MSG_MAX);
	struct dns_query q;
	struct dns_answer a;
	int r;

	r = dns_query_read(data, size, &q);
	if (r < 0)
		return 0;
	dns_reply_code(&out, &q, r > 0 ? (enum dns_rcode) r : DNS_REFUSED);
	check_reply(&out, &q, DNS_UDP_MIN);
	if (r > 0)
		return 0;
	if (strlen(q.name.text) > DNS_NAME_MAX || q.limit < DNS_UDP_MIN || q.limit > DNS_UDP_MAX)
		abort();
	if (!q.name.plain)
		return 0;
	dns_reply_begin(&reply, q.name.text, q.type, DNS_NOERROR);
	(void) dns_reply_cname(&reply, DNS_QUESTION_NAME, "x.example.com");
	buf_reset(&out);
	dns_reply_finish(&out, &reply, &q, 5, q.limit);
	check_reply(&out, &q, q.limit);
	if (q.class == DNS_IN &&
	    dns_answer_read((const uint8_t *) out.data, out.len, q.name.text, q.type, &a) < 0)
		abort();
	return 0;
}
