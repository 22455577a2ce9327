/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <signal.h>

#include "bpf.h"
#include "mem.h"
#include "unit.h"

enum {
	FIRST = 1,
	SECOND,
	END,
};

static void same(const struct sock_filter *f, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	ck_assert_uint_eq(f->code, code);
	ck_assert_uint_eq(f->jt, jt);
	ck_assert_uint_eq(f->jf, jf);
	ck_assert_uint_eq(f->k, k);
}

START_TEST(jumps_get_distances)
{
	const struct sock_filter text[] = {
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_IP, ON, SECOND),
		IF_GE(7, FIRST, ON),
		GOTO(END),
		LABEL(FIRST),
		DROP,
		LABEL(SECOND),
		LABEL(END), /* two at one place */
		PASS,
	};
	struct sock_filter v[16];
	uint16_t n = 1; /* behind another text: distances are the same */

	bpf_append(v, &n, text, ARRAY_SIZE(text));
	ck_assert_uint_eq(n, 1 + 6);
	same(&v[1], BPF_LD | BPF_ABS | BPF_H, 0, 0, 12);
	same(&v[2], BPF_JMP | BPF_JEQ | BPF_K, 0, 3, ETH_P_IP);
	same(&v[3], BPF_JMP | BPF_JGE | BPF_K, 1, 0, 7);
	same(&v[4], BPF_JMP | BPF_JA, 0, 0, 1);
	same(&v[5], BPF_RET | BPF_K, 0, 0, TC_ACT_SHOT);
	same(&v[6], BPF_RET | BPF_K, 0, 0, TC_ACT_OK);
}
END_TEST

/* A label behind all of it is where the next text begins. */
START_TEST(texts_one_behind_the_other)
{
	const struct sock_filter first[] = { IF_BITS(1, END, ON), DROP, LABEL(END) };
	const struct sock_filter second[] = { LABEL(END), PASS };
	struct sock_filter v[4];
	uint16_t n = 0;

	bpf_append(v, &n, first, ARRAY_SIZE(first));
	bpf_append(v, &n, second, ARRAY_SIZE(second));
	ck_assert_uint_eq(n, 3);
	same(&v[0], BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
	same(&v[2], BPF_RET | BPF_K, 0, 0, TC_ACT_OK);
}
END_TEST

START_TEST(an_address_word_by_word)
{
	static const uint8_t addr[16] = { 0x20, 1, 0xd, 0xb8, [15] = 9 };
	const struct sock_filter text[] = { IF_ADDR6(V6_DEST, addr, FIRST, END), LABEL(FIRST), PASS,
					    LABEL(END), NEXT };
	struct sock_filter v[16];
	uint16_t n = 0;

	bpf_append(v, &n, text, ARRAY_SIZE(text));
	ck_assert_uint_eq(n, 10);
	same(&v[0], BPF_LD | BPF_ABS | BPF_W, 0, 0, 38);
	same(&v[1], BPF_JMP | BPF_JEQ | BPF_K, 0, 7, 0x20010db8);
	same(&v[6], BPF_LD | BPF_ABS | BPF_W, 0, 0, 50);
	same(&v[7], BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 9);
}
END_TEST

/* A conditional jump has eight bits for its distance: one that does not fit is a fault of ours. */
START_TEST(too_far)
{
	struct sock_filter text[300] = { IF_EQ(1, END, ON) }, v[300];
	uint16_t n = 0;

	for (size_t i = 1; i < 299; i++)
		text[i] = (struct sock_filter) NUMBER(0);
	text[299] = (struct sock_filter) LABEL(END);
	bpf_append(v, &n, text, ARRAY_SIZE(text));
}
END_TEST

static Suite *test_bpf(void)
{
	Suite *s = suite_create("bpf");
	TCase *tc = tcase_create("bpf");

	tcase_add_test(tc, jumps_get_distances);
	tcase_add_test(tc, texts_one_behind_the_other);
	tcase_add_test(tc, an_address_word_by_word);
	tcase_add_test_raise_signal(tc, too_far, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_bpf);
