/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "dns_build.h"
#include "mem.h"
#include "unit.h"

static struct packet m;

/* Of exactly n bytes, so that a sanitizer sees what is read behind them. */
static int read_query(size_t n, struct dns_query *q)
{
	cleanup_free uint8_t *p = xmalloc(n > 0 ? n : 1);

	memcpy(p, m.p, n);
	return dns_query_read(p, n, q);
}

static int read_answer(size_t n, struct dns_answer *a)
{
	cleanup_free uint8_t *p = xmalloc(n > 0 ? n : 1);

	memcpy(p, m.p, n);
	return dns_answer_read(p, n, "example.com", DNS_A, a);
}

START_TEST(query)
{
	struct dns_query q;

	packet_begin(&m, 0x0110, "WWW.Example.COM", DNS_AAAA);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert_str_eq(q.name.text, "www.example.com");
	ck_assert(q.name.plain);
	ck_assert_uint_eq(q.type, DNS_AAAA);
	ck_assert_uint_eq(q.class, DNS_IN);
	ck_assert_uint_eq(q.id, 0x1234);
	ck_assert(q.cd);
	ck_assert(!q.edns);
	ck_assert_uint_eq(q.limit, 512);
	ck_assert_uint_eq(q.question_n, m.n - DNS_HEADER);
	ck_assert_mem_eq(q.question, m.p + DNS_HEADER, q.question_n);
}
END_TEST

START_TEST(cut_query)
{
	struct dns_query q;

	packet_begin(&m, 0x0100, "www.example.com", DNS_A);
	packet_opt(&m, 1232, 0);
	for (size_t n = 0; n < m.n; n++)
		ck_assert_int_eq(read_query(n, &q), n < DNS_HEADER ? -EBADMSG : DNS_FORMERR);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	m.p[m.n] = 0;
	ck_assert_int_eq(read_query(m.n + 1, &q), DNS_FORMERR);
}
END_TEST

static const struct {
	unsigned size;
	size_t limit;
} edns_rows[] = {
	{ 0, 512 }, { 511, 512 }, { 512, 512 }, { 1000, 1000 }, { 1232, 1232 }, { 65535, 1232 },
};

START_TEST(edns)
{
	struct dns_query q;

	packet_begin(&m, 0x0100, "example.com", DNS_A);
	packet_opt(&m, edns_rows[_i].size, 0);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert(q.edns);
	ck_assert_uint_eq(q.limit, edns_rows[_i].limit);
}
END_TEST

START_TEST(odd_queries)
{
	struct dns_query q;

	packet_begin(&m, 0x8100, "example.com", DNS_A); /* an answer */
	ck_assert_int_eq(read_query(m.n, &q), -EBADMSG);
	packet_begin(&m, 0x2900, "example.com", DNS_SOA); /* an update */
	ck_assert_int_eq(read_query(m.n, &q), DNS_NOTIMP);
	packet_begin(&m, 0x0100, "example.com", DNS_A);
	m.p[5] = 0; /* no question */
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	m.p[5] = 2;
	packet_name(&m, "other.com");
	packet_16(&m, DNS_A);
	packet_16(&m, DNS_IN);
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	packet_begin(&m, 0x0100, "example.com", DNS_A);
	packet_address(&m, "example.com", 5, "192.0.2.1"); /* it has an answer */
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	packet_begin(&m, 0x0100, "example.com", DNS_A);
	packet_opt(&m, 1232, 0);
	packet_opt(&m, 1232, 0);
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	packet_begin(&m, 0x0100, "example.com", DNS_A);
	packet_opt(&m, 1232, 1); /* EDNS(1) */
	ck_assert_int_eq(read_query(m.n, &q), DNS_BADVERS);
	packet_begin(&m, 0x0100, "example.com", DNS_A);
	memset(m.p + m.n, 0, DNS_QUERY_MAX);
	ck_assert_int_eq(read_query(DNS_QUERY_MAX + 1, &q), DNS_FORMERR);
}
END_TEST

/* A name that points to itself, forth and back, to the header, outside. */
static const struct {
	const char *bytes;
	size_t n;
} loops[] = {
	{ "\xc0\x0c", 2 },
	{ "\x01"
	  "a\xc0\x0c",
	  4 },
	{ "\xc0\x0e\xc0\x0c", 4 },
	{ "\xc0\x00", 2 },
	{ "\xff\xff", 2 },
	{ "\x3f", 1 },
	{ "\x40"
	  "a",
	  2 },
	{ "\x80"
	  "a",
	  2 },
};

START_TEST(compression)
{
	struct dns_query q;

	packet_begin(&m, 0x0100, "", DNS_A);
	m.n = DNS_HEADER;
	packet_bytes(&m, loops[_i].bytes, loops[_i].n);
	packet_16(&m, DNS_A);
	packet_16(&m, DNS_IN);
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
}
END_TEST

START_TEST(odd_labels)
{
	struct dns_query q;

	packet_begin(&m, 0x0100, "a b.example.com", DNS_A);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert(!q.name.plain);
	ck_assert_str_eq(q.name.text, "a\\032b.example.com");
	/* One label with a dot in it is not two. */
	packet_begin(&m, 0x0100, "xyz", DNS_A);
	m.p[DNS_HEADER + 2] = '.';
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert(!q.name.plain);
	ck_assert_str_eq(q.name.text, "x\\046z");
	m.p[DNS_HEADER + 2] = '\0';
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert(!q.name.plain);
	ck_assert_str_eq(q.name.text, "x\\000z");
	packet_begin(&m, 0x0100, "", DNS_NS);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert_str_eq(q.name.text, "");
}
END_TEST

/* n labels of that many bytes each. */
static void long_name(size_t labels, size_t n)
{
	packet_begin(&m, 0x0100, "", DNS_A);
	m.n = DNS_HEADER;
	for (size_t i = 0; i < labels; i++) {
		m.p[m.n++] = (uint8_t) n;
		memset(m.p + m.n, i % 2 ? 0xff : 'x', n);
		m.n += n;
	}
	m.p[m.n++] = 0;
	packet_16(&m, DNS_A);
	packet_16(&m, DNS_IN);
}

START_TEST(long_names)
{
	struct dns_query q;

	long_name(127, 1); /* 255 bytes */
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert_uint_le(strlen(q.name.text), DNS_NAME_MAX);
	long_name(128, 1);
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	long_name(4, 63);
	ck_assert_int_eq(read_query(m.n, &q), DNS_FORMERR);
	long_name(3, 63);
	ck_assert_int_eq(read_query(m.n, &q), 0);
	ck_assert_uint_eq(strlen(q.name.text), DNS_NAME_MAX); /* escaped and cut */
	ck_assert(!q.name.plain);
}
END_TEST

START_TEST(answer)
{
	struct dns_answer a;
	struct dns_record r;
	size_t at;

	packet_begin(&m, 0x8180, "Example.COM", DNS_A);
	packet_address(&m, "example.com", 300, "192.0.2.1");
	packet_soa(&m, 100, 60);
	packet_opt(&m, 1232, 0);
	ck_assert_int_eq(dns_answer_read(m.p, m.n, "example.com", DNS_A, &a), 0);
	ck_assert_uint_eq(a.rcode, DNS_NOERROR);
	ck_assert_uint_eq(a.n_answers, 1);
	ck_assert_uint_eq(a.n_authority, 1);
	ck_assert_uint_eq(a.ttl, 100);
	ck_assert_int_eq(a.negative_ttl, 60);
	at = a.answers;
	ck_assert_int_eq(dns_record_read(&a, &at, &r), 0);
	ck_assert_str_eq(r.owner.text, "example.com");
	ck_assert_uint_eq(r.n, 4);
	for (size_t n = 0; n < m.n; n++)
		ck_assert_int_eq(read_answer(n, &a), -EBADMSG);
	ck_assert_int_eq(dns_answer_read(m.p, m.n, "example.com", DNS_AAAA, &a), -EBADMSG);
	ck_assert_int_eq(dns_answer_read(m.p, m.n, "example.org", DNS_A, &a), -EBADMSG);
	m.p[2] &= 0x7f; /* no answer */
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
	m.p[2] = 0x83; /* truncated */
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
}
END_TEST

START_TEST(bad_records)
{
	struct dns_answer a;

	packet_begin(&m, 0x8180, "example.com", DNS_A);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_A, 1);
	packet_16(&m, 3);
	packet_bytes(&m, "abc", 3);
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
	packet_begin(&m, 0x8180, "example.com", DNS_A);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_CNAME, 1);
	packet_16(&m, 3);
	packet_bytes(&m,
		     "\x05"
		     "ab",
		     3); /* a label that ends behind its record */
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
	packet_begin(&m, 0x8180, "example.com", DNS_A);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_MX, 1);
	packet_16(&m, 1);
	packet_bytes(&m, "a", 1);
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
	packet_begin(&m, 0x8180, "example.com", DNS_A);
	packet_record(&m, PACKET_AUTHORITY, "example.com", DNS_SOA, 1);
	packet_16(&m, 2);
	packet_bytes(&m, "\0\0", 2);
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
}
END_TEST

/* A name in what is none would be another one with another TTL. */
START_TEST(pointer_to_ttl)
{
	struct dns_answer a;
	size_t ttl;

	packet_begin(&m, 0x8180, "example.com", DNS_A);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_A, 0x01610000);
	ttl = m.n - 4;
	packet_16(&m, 4);
	packet_bytes(&m, "abcd", 4);
	ck_assert_int_eq(read_answer(m.n, &a), 0);
	packet_count(&m, PACKET_ANSWER);
	packet_16(&m, 0xc000 | (unsigned) ttl);
	packet_16(&m, DNS_A);
	packet_16(&m, DNS_IN);
	packet_16(&m, 0);
	packet_16(&m, 5);
	packet_16(&m, 4);
	packet_bytes(&m, "abcd", 4);
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG);
	m.p[m.n - 15] = DNS_HEADER; /* the low byte of the pointer */
	ck_assert_int_eq(read_answer(m.n, &a), 0);
}
END_TEST

START_TEST(large_answer)
{
	struct dns_answer a;

	packet_begin(&m, 0x8180, "example.com", DNS_A);
	for (int i = 0; i < 2; i++) {
		packet_record(&m, PACKET_ANSWER, "example.com", DNS_TXT, 1);
		packet_16(&m, 32000);
		memset(m.p + m.n, 'x', 32000);
		m.n += 32000;
	}
	ck_assert_int_eq(read_answer(m.n, &a), 0);
	packet_begin(&m, 0x8180, "example.com", DNS_A);
	while (m.n < DNS_MSG_MAX - 30)
		packet_address(&m, "", 1, "192.0.2.1");
	ck_assert_int_eq(read_answer(m.n, &a), -EBADMSG); /* too many records */
}
END_TEST

/* ---- replies ---- */

static struct dns_query ask(const char *name, unsigned size)
{
	struct dns_query q;

	packet_begin(&m, 0x0100, name, DNS_A);
	if (size > 0)
		packet_opt(&m, size, 0);
	ck_assert_int_eq(dns_query_read(m.p, m.n, &q), 0);
	return q;
}

static void write_reply(struct buf *reply, unsigned n)
{
	struct ipaddr addr = { .family = 4, .b = { 192, 0, 2, 1 } };
	size_t owner;

	dns_reply_begin(reply, "example.com", DNS_A, DNS_NOERROR);
	owner = dns_reply_cname(reply, DNS_QUESTION_NAME, "cdn.example.net");
	for (unsigned i = 0; i < n; i++) {
		addr.b[3] = (uint8_t) i;
		dns_reply_address(reply, owner, &addr);
	}
}

START_TEST(reply)
{
	cleanup_buf struct buf r = BUF_INIT(DNS_REPLY_MAX), out = BUF_INIT(DNS_MSG_MAX);
	struct dns_query q = ask("eXample.Com", 1232);
	struct dns_answer a;
	struct dns_record rec;
	struct dns_name target;
	size_t at;

	write_reply(&r, 2);
	dns_reply_finish(&out, &r, &q, 77, q.limit);
	ck_assert_uint_eq((uint8_t) out.data[0] << 8 | (uint8_t) out.data[1], 0x1234);
	ck_assert_mem_eq(out.data + DNS_HEADER, q.question, q.question_n);
	ck_assert_uint_eq((uint8_t) out.data[11], 1); /* OPT */
	ck_assert_int_eq(dns_answer_read((uint8_t *) out.data, out.len, "example.com", DNS_A, &a),
			 0);
	ck_assert_uint_eq(a.n_answers, 3);
	ck_assert_uint_eq(a.ttl, 77);
	at = a.answers;
	ck_assert_int_eq(dns_record_read(&a, &at, &rec), 0);
	ck_assert_int_eq(dns_record_target(&a, &rec, &target), 0);
	ck_assert_str_eq(target.text, "cdn.example.net");
	ck_assert_int_eq(dns_record_read(&a, &at, &rec), 0);
	ck_assert_str_eq(rec.owner.text, "cdn.example.net");
}
END_TEST

START_TEST(truncated)
{
	cleanup_buf struct buf r = BUF_INIT(DNS_REPLY_MAX), out = BUF_INIT(DNS_MSG_MAX);
	struct dns_query q = ask("example.com", _i ? 900 : 0);

	write_reply(&r, 64);
	ck_assert_uint_gt(r.len, 900);
	dns_reply_finish(&out, &r, &q, 77, q.limit);
	ck_assert_uint_eq(out.data[2] & 0x02, 0x02);
	ck_assert_uint_eq(out.len, DNS_HEADER + q.question_n + (_i ? 11 : 0));
	ck_assert_uint_eq((uint8_t) out.data[7], 0);
	buf_reset(&out);
	dns_reply_finish(&out, &r, &q, 77, DNS_MSG_MAX);
	ck_assert_uint_eq(out.data[2] & 0x02, 0);
	ck_assert_uint_eq(out.len, r.len + (_i ? 11 : 0));
}
END_TEST

START_TEST(passed)
{
	cleanup_buf struct buf r = BUF_INIT(DNS_REPLY_MAX), out = BUF_INIT(DNS_MSG_MAX);
	struct dns_query q = ask("Example.com", 0);
	struct dns_answer a;

	packet_begin(&m, 0x81a0, "example.com", DNS_TXT);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_TXT, 500);
	packet_16(&m, 4);
	packet_bytes(&m,
		     "\x03"
		     "abc",
		     4);
	packet_count(&m, PACKET_ADDITIONAL);
	packet_name(&m, "glue.test");
	packet_16(&m, DNS_A);
	packet_16(&m, DNS_IN);
	packet_16(&m, 0);
	packet_16(&m, 9);
	packet_16(&m, 4);
	packet_bytes(&m, "abcd", 4);
	ck_assert_int_eq(dns_answer_read(m.p, m.n, "example.com", DNS_TXT, &a), 0);
	dns_reply_pass(&r, &a, "example.com", DNS_TXT);
	ck_assert(!r.failed);
	dns_reply_finish(&out, &r, &q, 33, q.limit);
	q.question[q.question_n - 3] = DNS_TXT;
	ck_assert_int_eq(dns_answer_read((uint8_t *) out.data, out.len, "example.com", DNS_A, &a),
			 0);
	ck_assert_uint_eq(a.n_answers, 1);
	ck_assert_uint_eq(a.ttl, 33);
	ck_assert_uint_eq(a.additional, out.len); /* that section is left out */
	ck_assert_uint_eq(out.data[3] & 0x20, 0); /* nothing was authenticated here */
}
END_TEST

START_TEST(codes)
{
	cleanup_buf struct buf out = BUF_INIT(DNS_MSG_MAX);
	struct dns_query q;

	packet_begin(&m, 0x0100, "example.com", DNS_A);
	packet_opt(&m, 1232, 9);
	ck_assert_int_eq(dns_query_read(m.p, m.n, &q), DNS_BADVERS);
	dns_reply_code(&out, &q, DNS_BADVERS);
	ck_assert_uint_eq(out.data[3] & 0x0f, 0);
	ck_assert_uint_eq((uint8_t) out.data[out.len - 6], 1); /* the high bits of 16 */
	buf_reset(&out);
	ck_assert_int_eq(dns_query_read(m.p, DNS_HEADER, &q), DNS_FORMERR);
	dns_reply_code(&out, &q, DNS_FORMERR);
	ck_assert_uint_eq(out.len, DNS_HEADER);
	ck_assert_uint_eq((uint8_t) out.data[5], 0);
}
END_TEST

static Suite *test_dns_msg(void)
{
	Suite *s = suite_create("dns_msg");
	TCase *t = tcase_create("read"), *w = tcase_create("write");

	tcase_add_test(t, query);
	tcase_add_test(t, cut_query);
	tcase_add_loop_test(t, edns, 0, (int) ARRAY_SIZE(edns_rows));
	tcase_add_test(t, odd_queries);
	tcase_add_loop_test(t, compression, 0, (int) ARRAY_SIZE(loops));
	tcase_add_test(t, odd_labels);
	tcase_add_test(t, long_names);
	tcase_add_test(t, answer);
	tcase_add_test(t, bad_records);
	tcase_add_test(t, pointer_to_ttl);
	tcase_add_test(t, large_answer);
	suite_add_tcase(s, t);
	tcase_add_test(w, reply);
	tcase_add_loop_test(w, truncated, 0, 2);
	tcase_add_test(w, passed);
	tcase_add_test(w, codes);
	suite_add_tcase(s, w);
	return s;
}

UNIT_MAIN(test_dns_msg);
