/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/nameser.h>
#include <errno.h>

#include "dns_msg.h"
#include "str.h"

enum {
	FLAG_RESPONSE = 0x80, /* of the third byte */
	FLAG_OPCODE = 0x78,
	FLAG_TC = 0x02,
	FLAG_RD = 0x01,
	FLAG_RA = 0x80, /* of the fourth */
	FLAG_CD = 0x10,
	RCODE_MASK = 0x0f,
	WIRE_NAME_MAX = 255,
	RECORD_FIXED = 10, /* type, class, ttl, length */
	OPT_SIZE = 11,
	POINTER = 0xc0,
};

enum {
	AT_FLAGS = 2,
	AT_COUNTS = 4,
	AT_ANSWERS = 6,
	AT_ADDITIONAL = 10,
};

/*
 * The bytes of a message: what is read by offset is checked against n. fixed, unless NULL,
 * has a bit for each byte that is no part of a name, as far as it was read.
 */
struct span {
	const uint8_t *p;
	size_t n;
	uint8_t *fixed;
};

static void mark_fixed(struct span m, size_t at, size_t n)
{
	for (size_t i = at; m.fixed && i < at + n; i++)
		m.fixed[i / 8] |= (uint8_t) (1U << i % 8);
}

static bool has_fixed(struct span m, size_t at, size_t n)
{
	for (size_t i = at; m.fixed && i < at + n; i++)
		if (m.fixed[i / 8] & 1U << i % 8)
			return true;
	return false;
}

static unsigned get16(const uint8_t *p)
{
	return ns_get16(p);
}

/* ---- names ---- */

static bool plain_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static void add_byte(struct dns_name *name, size_t *n, uint8_t c)
{
	char text[4] = { (char) c };
	size_t k = 1;

	if (c >= 'A' && c <= 'Z')
		text[0] = (char) (c - 'A' + 'a');
	if (!plain_byte((uint8_t) text[0])) {
		name->plain = false;
		text[0] = '\\';
		text[1] = (char) ('0' + c / 100);
		text[2] = (char) ('0' + c / 10 % 10);
		text[3] = (char) ('0' + c % 10);
		k = 4;
	}
	if (*n + k > DNS_NAME_MAX)
		return;
	memcpy(name->text + *n, text, k);
	*n += k;
}

static void add_label(struct dns_name *name, size_t *n, const uint8_t *label, size_t len)
{
	if (*n > 0 && *n < DNS_NAME_MAX)
		name->text[(*n)++] = '.';
	for (size_t i = 0; i < len; i++)
		add_byte(name, n, label[i]);
}

/*
 * libc's parser is not asked for names: musl's does not escape, so that two of them would
 * be one text. Each pointer leads before the name or the pointer that it is in: there are
 * no loops. And to names, so that they stay what they are when a TTL is changed.
 */
static int read_name(struct span m, size_t *at, struct dns_name *ret)
{
	size_t pos = *at, bound = *at, wire = 0, n = 0, end = 0, len;

	ret->plain = true;
	for (;;) {
		if (pos >= m.n)
			return -EBADMSG;
		len = m.p[pos];
		if (len >= POINTER) {
			if (m.n - pos < 2 || has_fixed(m, pos, 2))
				return -EBADMSG;
			end = end ? end : pos + 2;
			pos = get16(m.p + pos) & 0x3fff;
			if (pos < DNS_HEADER || pos >= bound)
				return -EBADMSG;
			bound = pos;
			continue;
		}
		wire += len + 1;
		if (len > 63 || wire > WIRE_NAME_MAX || m.n - pos < len + 1 ||
		    has_fixed(m, pos, len + 1))
			return -EBADMSG;
		pos += len + 1;
		if (len == 0)
			break;
		add_label(ret, &n, m.p + pos - len, len);
	}
	ret->text[n] = '\0';
	*at = end ? end : pos;
	return 0;
}

static int read_record(struct span m, size_t *at, struct dns_record *ret)
{
	size_t pos = *at;
	int r;

	r = read_name(m, &pos, &ret->owner);
	if (r < 0)
		return r;
	if (m.n - pos < RECORD_FIXED)
		return -EBADMSG;
	ret->type = (uint16_t) get16(m.p + pos);
	ret->class = (uint16_t) get16(m.p + pos + 2);
	ret->ttl = (uint32_t) ns_get32(m.p + pos + 4);
	ret->n = get16(m.p + pos + 8);
	ret->data = pos + RECORD_FIXED;
	if (m.n - ret->data < ret->n)
		return -EBADMSG;
	mark_fixed(m, pos, RECORD_FIXED);
	*at = ret->data + ret->n;
	return 0;
}

/* Header and sections as their counts say, and nothing behind them. */
static bool well_formed(const uint8_t *p, size_t n)
{
	ns_msg m;

	return n >= DNS_HEADER && n <= DNS_MSG_MAX && ns_initparse(p, (int) n, &m) == 0;
}

static unsigned count(const uint8_t *p, unsigned section)
{
	return get16(p + AT_COUNTS + 2 * section);
}

/* ---- queries ---- */

static int read_question(struct span m, struct dns_query *q)
{
	size_t at = DNS_HEADER;

	/* It has no pointers: there is no name before it. */
	if (read_name(m, &at, &q->name) < 0 || m.n - at < 4)
		return -EBADMSG;
	q->type = (uint16_t) get16(m.p + at);
	q->class = (uint16_t) get16(m.p + at + 2);
	q->question_n = at + 4 - DNS_HEADER;
	memcpy(q->question, m.p + DNS_HEADER, q->question_n);
	return 0;
}

/* What the additional section says of EDNS. */
static int read_edns(struct span m, struct dns_query *q)
{
	size_t at = DNS_HEADER + q->question_n;
	struct dns_record r;

	for (unsigned i = count(m.p, ns_s_ar); i > 0; i--) {
		if (read_record(m, &at, &r) < 0)
			return DNS_FORMERR;
		if (r.type != DNS_OPT)
			continue;
		if (q->edns || r.owner.text[0] != '\0')
			return DNS_FORMERR;
		q->edns = true;
		q->limit = r.class < DNS_UDP_MIN   ? DNS_UDP_MIN
			   : r.class > DNS_UDP_MAX ? DNS_UDP_MAX
						   : r.class;
		if (((r.ttl >> 16) & 0xff) != 0)
			return DNS_BADVERS;
	}
	return 0;
}

int dns_query_read(const uint8_t *p, size_t n, struct dns_query *ret)
{
	struct span m = { p, n, NULL };

	*ret = (struct dns_query){ .limit = DNS_UDP_MIN };
	if (n < DNS_HEADER || (p[AT_FLAGS] & FLAG_RESPONSE))
		return -EBADMSG;
	ret->id = (uint16_t) get16(p);
	ret->flags = p[AT_FLAGS] & (FLAG_OPCODE | FLAG_RD);
	ret->cd = p[AT_FLAGS + 1] & FLAG_CD;
	if (ret->flags & FLAG_OPCODE)
		return DNS_NOTIMP;
	if (n > DNS_QUERY_MAX || !well_formed(p, n) || count(p, ns_s_qd) != 1 ||
	    count(p, ns_s_an) != 0 || count(p, ns_s_ns) != 0 || read_question(m, ret) < 0)
		return DNS_FORMERR;
	return read_edns(m, ret);
}

/* ---- answers ---- */

/* Types whose data begins with names: bytes before them, how many, bytes behind. */
static const struct {
	uint16_t type;
	uint8_t before, names, behind;
} shapes[] = {
	{ DNS_NS, 0, 1, 0 }, { DNS_CNAME, 0, 1, 0 }, { DNS_SOA, 0, 2, 20 },  { DNS_PTR, 0, 1, 0 },
	{ DNS_MX, 2, 1, 0 }, { DNS_SRV, 6, 1, 0 },   { DNS_DNAME, 0, 1, 0 },
};

/* Whether the data is of the shape that its type says, for the types that have names. */
static int check_data(struct span m, const struct dns_record *r)
{
	size_t at = r->data;
	struct dns_name name;

	m.n = r->data + r->n;
	if (r->class != DNS_IN)
		return 0;
	if ((r->type == DNS_A && r->n != 4) || (r->type == DNS_AAAA && r->n != 16))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		if (shapes[i].type != r->type)
			continue;
		at += shapes[i].before;
		for (unsigned k = 0; k < shapes[i].names; k++)
			if (at > m.n || read_name(m, &at, &name) < 0)
				return -EBADMSG;
		return m.n - at == shapes[i].behind ? 0 : -EBADMSG;
	}
	return 0;
}

/* RFC 2308, 5: the last number of the SOA, or its own TTL if that is less. */
static void take_negative_ttl(const struct dns_record *r, struct dns_answer *ret)
{
	uint32_t minimum;

	if (r->type != DNS_SOA || r->class != DNS_IN)
		return;
	minimum = (uint32_t) ns_get32(ret->p + r->data + r->n - 4);
	ret->negative_ttl = minimum < r->ttl ? minimum : r->ttl;
}

static int read_sections(struct span m, struct dns_answer *ret)
{
	unsigned n_additional = count(m.p, ns_s_ar), n;
	size_t at = ret->answers;
	struct dns_record r;

	n = ret->n_answers + ret->n_authority;
	if (n + n_additional > DNS_RECORDS_MAX)
		return -EBADMSG;
	for (unsigned i = 0; i < n + n_additional; i++) {
		if (i == n)
			ret->additional = at;
		if (read_record(m, &at, &r) < 0 || check_data(m, &r) < 0)
			return -EBADMSG;
		if (r.type == DNS_OPT && i < n)
			return -EBADMSG;
		if (i < n && r.ttl < ret->ttl)
			ret->ttl = r.ttl;
		if (i >= ret->n_answers && i < n)
			take_negative_ttl(&r, ret);
	}
	if (n_additional == 0)
		ret->additional = at;
	return at == m.n ? 0 : -EBADMSG;
}

int dns_answer_read(const uint8_t *p, size_t n, const char *name, unsigned type,
		    struct dns_answer *ret)
{
	struct dns_answer a = { .p = p, .n = n, .ttl = UINT32_MAX, .negative_ttl = -1 };
	size_t at = DNS_HEADER;
	uint8_t fixed[DNS_MSG_MAX / 8 + 1] = { 0 };
	struct dns_name asked;
	struct span m = { p, n, fixed };

	if (!well_formed(p, n) || !(p[AT_FLAGS] & FLAG_RESPONSE) ||
	    (p[AT_FLAGS] & (FLAG_OPCODE | FLAG_TC)) || count(p, ns_s_qd) != 1)
		return -EBADMSG;
	if (read_name(m, &at, &asked) < 0 || n - at < 4 || !asked.plain ||
	    !streq(asked.text, name) || get16(p + at) != type || get16(p + at + 2) != DNS_IN)
		return -EBADMSG;
	mark_fixed(m, at, 4);
	a.rcode = p[AT_FLAGS + 1] & RCODE_MASK;
	a.answers = at + 4;
	a.n_answers = count(p, ns_s_an);
	a.n_authority = count(p, ns_s_ns);
	if (read_sections(m, &a) < 0)
		return -EBADMSG;
	*ret = a;
	return 0;
}

int dns_record_read(const struct dns_answer *a, size_t *at, struct dns_record *ret)
{
	return read_record((struct span){ a->p, a->n, NULL }, at, ret);
}

int dns_record_target(const struct dns_answer *a, const struct dns_record *r, struct dns_name *ret)
{
	size_t at = r->data;

	return read_name((struct span){ a->p, r->data + r->n, NULL }, &at, ret);
}

/* ---- writing ---- */

static void put16(struct buf *b, unsigned v)
{
	buf_addc(b, (char) (v >> 8));
	buf_addc(b, (char) v);
}

static void put_name(struct buf *b, const char *name)
{
	size_t n;

	for (; *name; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		buf_addc(b, (char) n);
		buf_add(b, name, n);
	}
	buf_addc(b, '\0');
}

static void put_opt(struct buf *b, unsigned size, unsigned extended_rcode)
{
	buf_addc(b, '\0');
	put16(b, DNS_OPT);
	put16(b, size);
	put16(b, extended_rcode << 8);
	put16(b, 0);
	put16(b, 0);
}

static void put_header(struct buf *b, unsigned id, unsigned flags, unsigned n_questions,
		       unsigned n_additional)
{
	put16(b, id);
	put16(b, flags);
	put16(b, n_questions);
	put16(b, 0);
	put16(b, 0);
	put16(b, n_additional);
}

static void put_question(struct buf *b, const char *name, unsigned type)
{
	put_name(b, name);
	put16(b, type);
	put16(b, DNS_IN);
}

void dns_ask_write(struct buf *ret, uint16_t id, const char *name, unsigned type)
{
	put_header(ret, id, FLAG_RD << 8, 1, 1);
	put_question(ret, name, type);
	put_opt(ret, DNS_UDP_MAX, 0);
}

bool dns_ask_failed(const uint8_t *answer, size_t n)
{
	return n >= DNS_HEADER && (answer[AT_FLAGS + 1] & RCODE_MASK) == DNS_FORMERR;
}

void dns_ask_simplify(struct buf *ask)
{
	buf_cut(ask, ask->len - OPT_SIZE);
	ask->data[AT_ADDITIONAL + 1] = 0;
}

void dns_reply_begin(struct buf *ret, const char *name, unsigned type, enum dns_rcode rcode)
{
	put_header(ret, 0, FLAG_RESPONSE << 8 | FLAG_RA | (rcode & RCODE_MASK), 1, 0);
	put_question(ret, name, type);
}

static void put_at(struct buf *b, size_t at, unsigned v)
{
	if (b->failed || b->len < at + 2)
		return;
	b->data[at] = (char) (v >> 8);
	b->data[at + 1] = (char) v;
}

static void begin_record(struct buf *b, size_t owner, unsigned type, size_t n)
{
	put_at(b, AT_ANSWERS, get16((const uint8_t *) b->data + AT_ANSWERS) + 1);
	put16(b, POINTER << 8 | (unsigned) owner);
	put16(b, type);
	put16(b, DNS_IN);
	put16(b, 0);
	put16(b, 0);
	put16(b, (unsigned) n);
}

size_t dns_reply_cname(struct buf *ret, size_t owner, const char *target)
{
	size_t n = *target ? strlen(target) + 2 : 1;

	begin_record(ret, owner, DNS_CNAME, n);
	put_name(ret, target);
	return ret->len - n;
}

void dns_reply_address(struct buf *ret, size_t owner, const struct ipaddr *a)
{
	begin_record(ret, owner, a->family == 4 ? DNS_A : DNS_AAAA, ipaddr_size(a));
	buf_add(ret, a->b, ipaddr_size(a));
}

void dns_reply_pass(struct buf *ret, const struct dns_answer *a, const char *name, unsigned type)
{
	dns_reply_begin(ret, name, type, a->rcode);
	/* Pointers count from the beginning: what follows must be where it was. */
	if (ret->len != a->answers) {
		ret->failed = true;
		return;
	}
	buf_add(ret, a->p + a->answers, a->additional - a->answers);
	put_at(ret, AT_ANSWERS, a->n_answers);
	put_at(ret, AT_ANSWERS + 2, a->n_authority);
}

static void set_ttl(struct buf *b, const struct dns_query *q, uint32_t ttl)
{
	struct span m = { (const uint8_t *) b->data, b->len, NULL };
	size_t at = DNS_HEADER + q->question_n;
	struct dns_record r;

	while (at < m.n && read_record(m, &at, &r) == 0) {
		put_at(b, r.data - 6, ttl >> 16);
		put_at(b, r.data - 4, ttl & 0xffff);
	}
}

static void put_front(struct buf *b, const struct dns_query *q, unsigned code)
{
	unsigned flags = (FLAG_RESPONSE | q->flags) << 8 | FLAG_RA | (q->cd ? FLAG_CD : 0);

	put_header(b, q->id, flags | (code & RCODE_MASK), q->question_n ? 1 : 0, 0);
	buf_add(b, q->question, q->question_n);
}

static void put_back(struct buf *b, const struct dns_query *q, unsigned code)
{
	if (!q->edns)
		return;
	put_opt(b, DNS_UDP_MAX, code >> 4);
	put_at(b, AT_ADDITIONAL, 1);
}

void dns_reply_finish(struct buf *ret, const struct buf *reply, const struct dns_query *q,
		      uint32_t ttl, size_t limit)
{
	const uint8_t *p = (const uint8_t *) reply->data;
	unsigned code = p[AT_FLAGS + 1] & RCODE_MASK;
	size_t front = DNS_HEADER + q->question_n;

	put_front(ret, q, code);
	if (reply->len < front || reply->len + (q->edns ? OPT_SIZE : 0) > limit) {
		ret->data[AT_FLAGS] |= FLAG_TC;
	} else {
		buf_add(ret, p + front, reply->len - front);
		put_at(ret, AT_ANSWERS, get16(p + AT_ANSWERS));
		put_at(ret, AT_ANSWERS + 2, get16(p + AT_ANSWERS + 2));
		set_ttl(ret, q, ttl);
	}
	put_back(ret, q, code);
}

void dns_reply_code(struct buf *ret, const struct dns_query *q, enum dns_rcode rcode)
{
	put_front(ret, q, rcode);
	put_back(ret, q, rcode);
}
