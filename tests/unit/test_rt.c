/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <net/if.h>
#include <stdalign.h>
#include <string.h>

#include "rt.h"
#include "unit.h"

/* A message with attributes, as the kernel lays it out. */
struct text {
	alignas(NLMSG_ALIGNTO) unsigned char bytes[256];
	size_t n;
};

static void add(struct text *t, const void *data, size_t n)
{
	ck_assert_uint_le(t->n + n, sizeof(t->bytes));
	memcpy(t->bytes + t->n, data, n);
	t->n = NLMSG_ALIGN(t->n + n);
}

static void add_attr(struct text *t, unsigned short type, const void *data, size_t n)
{
	const struct nlattr head = { .nla_len = (unsigned short) (sizeof(head) + n),
				     .nla_type = type };

	add(t, &head, sizeof(head));
	add(t, data, n);
}

static const struct nlmsghdr *finish(struct text *t)
{
	struct nlmsghdr *h = (void *) t->bytes;

	h->nlmsg_len = (unsigned) t->n;
	return h;
}

static struct text begin(void)
{
	const struct ifinfomsg fixed = { .ifi_index = 7 };
	struct text t = { .n = NLMSG_HDRLEN };

	add(&t, &fixed, sizeof(fixed));
	return t;
}

START_TEST(attributes)
{
	const uint32_t number = 0x01020304;
	struct text t = begin(), inner = { .n = 0 };
	struct rt_attrs attrs, within;
	struct rt_attr a, b;
	char s[4];

	add_attr(&inner, 1, "in", 3);
	add_attr(&t, 3, "name", 5);
	add_attr(&t, 4, &number, sizeof(number));
	add_attr(&t, 5 | NLA_F_NESTED, inner.bytes, inner.n);
	add_attr(&t, 6, "ab", 2);
	rt_attrs_of(&attrs, finish(&t), sizeof(struct ifinfomsg));

	ck_assert(rt_attrs_next(&attrs, &a));
	ck_assert_int_eq(a.type, 3);
	ck_assert_uint_eq(a.n, 5);
	rt_attr_str(&a, s, sizeof(s));
	ck_assert_str_eq(s, "nam"); /* what fits */
	ck_assert(rt_attrs_next(&attrs, &a));
	ck_assert_uint_eq(rt_attr_u32(&a), number);
	ck_assert(rt_attrs_next(&attrs, &a));
	ck_assert_int_eq(a.type, 5);
	rt_attrs_in(&within, &a);
	ck_assert(rt_attrs_next(&within, &b));
	rt_attr_str(&b, s, sizeof(s));
	ck_assert_str_eq(s, "in");
	ck_assert(!rt_attrs_next(&within, &b));
	ck_assert(rt_attrs_next(&attrs, &a));
	rt_attr_str(&a, s, sizeof(s)); /* without its NUL */
	ck_assert_str_eq(s, "ab");
	ck_assert_uint_eq(rt_attr_u32(&a), 0); /* too short for one */
	ck_assert(!rt_attrs_next(&attrs, &a));
}
END_TEST

/* An attribute that claims more than there is ends the list. */
START_TEST(cut_short)
{
	struct text t = begin();
	struct nlattr head = { .nla_len = 200, .nla_type = 3 };
	struct rt_attrs attrs;
	struct rt_attr a;

	add(&t, &head, sizeof(head));
	rt_attrs_of(&attrs, finish(&t), sizeof(struct ifinfomsg));
	ck_assert(!rt_attrs_next(&attrs, &a));
	t = begin();
	head.nla_len = 2; /* less than itself */
	add(&t, &head, sizeof(head));
	rt_attrs_of(&attrs, finish(&t), sizeof(struct ifinfomsg));
	ck_assert(!rt_attrs_next(&attrs, &a));
	t = begin();
	rt_attrs_of(&attrs, finish(&t), sizeof(struct ifinfomsg));
	ck_assert(!rt_attrs_next(&attrs, &a));
}
END_TEST

static void last_index(void *ctx, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		*(int *) ctx = ((const struct ifinfomsg *) rt_data(h))->ifi_index;
}

/* Several requests in one go: each has its end, the first that failed its result. */
START_TEST(talking)
{
	const struct ifinfomsg head = { 0 };
	struct rt_sock *sk = NULL;
	struct rt_msg *msgs[2];
	int index = 0;
	struct rt_answer a = { .item = last_index, .ctx = &index };
	char message[RT_MESSAGE_MAX];

	ck_assert_int_eq(rt_open(&sk, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(msgs); i++) {
		msgs[i] = rt_msg_new(RTM_GETLINK, NLM_F_ACK, &head, sizeof(head));
		rt_put_str(msgs[i], IFLA_IFNAME, i == 0 ? "k-nowhere" : "lo");
	}
	ck_assert_int_eq(rt_talk(sk, msgs, 2, &a), -ENODEV);
	ck_assert_int_eq(a.result, -ENODEV);
	rt_msg_freep(&msgs[0]);
	rt_msg_freep(&msgs[1]);
	ck_assert_ptr_null(msgs[1]);
	ck_assert_int_eq(rt_do(sk, rt_msg_new(RTM_GETLINK, 0, &head, sizeof(head)), message),
			 -EINVAL);
	rt_sock_freep(&sk);
	ck_assert_ptr_null(sk);
}
END_TEST

static Suite *test_rt(void)
{
	Suite *s = suite_create("rt");
	TCase *t = tcase_create("rt");

	tcase_add_test(t, attributes);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, talking);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_rt);
