/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <netinet/in.h>

#include "frame.h"
#include "mem.h"
#include "unit.h"

#define ETHER4         \
	"020000000001" \
	"020000000002" \
	"0800"
#define ETHER6         \
	"020000000001" \
	"020000000002" \
	"86dd"
#define FROM4 "0a000002"
#define TO4 "c0000207"
#define FROM6 "fd000000000000000000000000000002"
#define TO6 "20010db8000000000000000000000007"

static const struct {
	const char *frame; /* hex */
	const char *to; /* NULL: not to be told of */
	unsigned proto, port;
} rows[] = {
	{ ETHER4 "450000280000000040060000" FROM4 TO4 "c00001bb", "192.0.2.7", IPPROTO_TCP, 443 },
	{ ETHER4 "450000280000000040110000" FROM4 TO4 "c0000035", "192.0.2.7", IPPROTO_UDP, 53 },
	{ ETHER4 "450000280000000040010000" FROM4 TO4 "0800", "192.0.2.7", IPPROTO_ICMP, 0 },
	{ ETHER4 "4500002800000000402f0000" FROM4 TO4, "192.0.2.7", 47, 0 },
	/* options */
	{ ETHER4 "460000280000000040060000" FROM4 TO4 "01010101c00001bb", "192.0.2.7", IPPROTO_TCP,
	  443 },
	/* a first fragment, and a later one */
	{ ETHER4 "450000280000200040060000" FROM4 TO4 "c00001bb", "192.0.2.7", IPPROTO_TCP, 443 },
	{ ETHER4 "450000280000200140060000" FROM4 TO4 "c00001bb", NULL, 0, 0 },
	/* multicast, broadcast, DHCP */
	{ ETHER4 "450000280000000040110000" FROM4 "e00000fb"
		 "c00014e9",
	  NULL, 0, 0 },
	{ ETHER4 "450000280000000040110000" FROM4 "ffffffff"
		 "c0001111",
	  NULL, 0, 0 },
	{ ETHER4 "450000280000000040110000" FROM4 TO4 "00440043", NULL, 0, 0 },
	{ "ffffffffffff"
	  "020000000002"
	  "0800"
	  "450000280000000040060000" FROM4 TO4 "c00001bb",
	  NULL, 0, 0 },
	/* ARP, VLAN, a version that is none, headers that are too short */
	{ "020000000001"
	  "020000000002"
	  "0806"
	  "0001080006040001",
	  NULL, 0, 0 },
	{ "020000000001"
	  "020000000002"
	  "8100"
	  "00010800",
	  NULL, 0, 0 },
	{ ETHER4 "650000280000000040060000" FROM4 TO4 "c00001bb", NULL, 0, 0 },
	{ ETHER4 "440000280000000040060000" FROM4 TO4 "c00001bb", NULL, 0, 0 },
	{ ETHER4 "4f0000280000000040060000" FROM4 TO4 "c00001bb", NULL, 0, 0 },
	{ ETHER4 "450000280000000040060000" FROM4 TO4 "c000", NULL, 0, 0 },
	{ ETHER4 "", NULL, 0, 0 },
	{ "", NULL, 0, 0 },
	/* IPv6: plain, extension headers, fragments, neighbours, multicast */
	{ ETHER6 "6000000000140640" FROM6 TO6 "c00001bb", "2001:db8::7", IPPROTO_TCP, 443 },
	{ ETHER6 "6000000000143a40" FROM6 TO6 "8000", "2001:db8::7", IPPROTO_ICMPV6, 0 },
	{ ETHER6 "6000000000143a40" FROM6 TO6 "8700", NULL, 0, 0 },
	{ ETHER6 "6000000000143a40" FROM6 TO6 "8f00", NULL, 0, 0 },
	{ ETHER6 "6000000000140040" FROM6 TO6 "1100000000000000"
		 "c0000035",
	  "2001:db8::7", IPPROTO_UDP, 53 },
	{ ETHER6 "6000000000143c40" FROM6 TO6 "060100000000000000000000000000"
		 "00"
		 "c00001bb",
	  "2001:db8::7", IPPROTO_TCP, 443 },
	{ ETHER6 "6000000000142c40" FROM6 TO6 "0600000100000001"
		 "c00001bb",
	  "2001:db8::7", IPPROTO_TCP, 443 },
	{ ETHER6 "6000000000142c40" FROM6 TO6 "0600000800000001"
		 "c00001bb",
	  NULL, 0, 0 },
	{ ETHER6 "6000000000140040" FROM6 TO6 "06ff000000000000"
		 "c00001bb",
	  NULL, 0, 0 },
	{ ETHER6 "6000000000140040" FROM6 TO6 "0000000000000000"
		 "0000000000000000"
		 "0000000000000000"
		 "0000000000000000"
		 "0600000000000000"
		 "c00001bb",
	  NULL, 0, 0 },
	{ ETHER6 "6000000000141140" FROM6 "ff020000000000000000000000000001"
		 "c00014e9",
	  NULL, 0, 0 },
	{ ETHER6 "6000000000141140" FROM6 TO6 "02220223", NULL, 0, 0 },
};

static size_t unhex(const char *text, uint8_t *ret)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < 2 * n; i++) {
		int c = text[i];

		ret[i / 2] = (uint8_t) (ret[i / 2] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
	}
	return n;
}

START_TEST(frames)
{
	uint8_t bytes[256] = { 0 };
	size_t n = unhex(rows[_i].frame, bytes);
	char text[IPADDR_TEXT_MAX];
	struct frame c = { .port = 0 };

	for (size_t k = 0; k <= n; k++) { /* cut at each byte, of exactly that length */
		cleanup_free uint8_t *p = xmalloc(k > 0 ? k : 1);

		memcpy(p, bytes, k);
		if (k < n) {
			(void) frame_read(p, k, &c);
			continue;
		}
		ck_assert_int_eq(frame_read(p, k, &c), rows[_i].to != NULL);
	}
	if (!rows[_i].to)
		return;
	ck_assert_str_eq(ipaddr_text(&c.to, text), rows[_i].to);
	ck_assert_str_eq(ipaddr_text(&c.from, text), c.from.family == 4 ? "10.0.0.2" : "fd00::2");
	ck_assert_uint_eq(c.proto, rows[_i].proto);
	ck_assert_uint_eq(c.port, rows[_i].port);
}
END_TEST

static Suite *test_dns_frame(void)
{
	Suite *s = suite_create("dns_frame");
	TCase *t = tcase_create("frame");

	tcase_add_loop_test(t, frames, 0, (int) ARRAY_SIZE(rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_frame);
