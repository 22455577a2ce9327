/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"
#include "mem.h"
#include "ports.h"
#include "unit.h"

/* What a manifest may say, and how it reads in full and for people. NULL: nothing published. */
static const struct {
	const char *entry, *text, *shown;
} valid[] = {
	{ "8080:80", "0.0.0.0:8080:80/tcp", "0.0.0.0:8080->80/tcp" },
	{ " 8080:80/tcp ", "0.0.0.0:8080:80/tcp", "0.0.0.0:8080->80/tcp" },
	{ "0.0.0.0:53:5353/udp", "0.0.0.0:53:5353/udp", "0.0.0.0:53->5353/udp" },
	{ "127.0.0.1:1:65535", "127.0.0.1:1:65535/tcp", "127.0.0.1:1->65535/tcp" },
	{ "8000-8010:9000-9010", "0.0.0.0:8000-8010:9000-9010/tcp",
	  "0.0.0.0:8000-8010->9000-9010/tcp" },
	{ "192.0.2.7:8000-8000:1-1/udp", "192.0.2.7:8000:1/udp", "192.0.2.7:8000->1/udp" },
	{ "1-65535:1-65535", "0.0.0.0:1-65535:1-65535/tcp", "0.0.0.0:1-65535->1-65535/tcp" },
	{ "[::1]:80:81", "[::1]:80:81/tcp", "[::1]:80->81/tcp" },
	{ "[2001:DB8::0:1]:80:81", "[2001:db8::1]:80:81/tcp", "[2001:db8::1]:80->81/tcp" },
	{ "80", NULL, NULL },
	{ "80/udp", NULL, NULL },
	{ "80-90", NULL, NULL },
};

START_TEST(parses)
{
	struct port_map m, again;
	char buf[PORT_TEXT_MAX];

	ck_assert_msg(port_parse(valid[_i].entry, &m, NULL) == 0, "'%s'", valid[_i].entry);
	if (!valid[_i].text) {
		ck_assert_int_eq(m.host_first, 0);
		return;
	}
	ck_assert_str_eq(port_text(&m, buf), valid[_i].text);
	ck_assert_int_eq(port_parse(buf, &again, NULL), 0);
	ck_assert_mem_eq(&m, &again, sizeof(m));
	ck_assert_str_eq(port_show(&m, buf), valid[_i].shown);
}
END_TEST

static const struct {
	const char *entry, *why;
} invalid[] = {
	{ "", "a port is missing" },
	{ "0", "a port is a number from 1 to 65535" },
	{ "0:80", "a port is a number from 1 to 65535" },
	{ "65536:80", "a port is a number from 1 to 65535" },
	{ "80:65536", "a port is a number from 1 to 65535" },
	{ "+80:80", "a port is a number from 1 to 65535" },
	{ "8 0:80", "a port is a number from 1 to 65535" },
	{ "web:80", "a port is a number from 1 to 65535" },
	{ ":80", "a port is missing" },
	{ "80:", "a port is missing" },
	{ "127.0.0.1::80", "a port is missing" },
	{ "80-:80-90", "a port is missing" },
	{ "90-80:90-80", "the range ends before it begins" },
	{ "80-90:80-91", "both ranges must have as many ports" },
	{ "8000-8010:80", "both ranges must have as many ports" },
	{ "80:80-90", "both ranges must have as many ports" },
	{ ":80:80", "the host's address is missing" },
	{ "localhost:80:80", "the host's address is not an IP address" },
	{ "1.2.3:80:80", "the host's address is not an IP address" },
	{ "1.2.3.256:80:80", "the host's address is not an IP address" },
	{ "224.0.0.1:80:80", "the host's address is none that a host can have" },
	{ "255.255.255.255:80:80", "the host's address is none that a host can have" },
	{ "::1:80:80", "an IPv6 address is written in brackets, [::1]:8080:80" },
	{ "[::1:80:80", "an IPv6 address is written in brackets, [::1]:8080:80" },
	{ "[fe80::x]:80:80", "the address in brackets is not an IPv6 address" },
	{ "[127.0.0.1]:80:80", "the address in brackets is not an IPv6 address" },
	{ "80:80/sctp", "the protocol is tcp or udp" },
	{ "80:80/TCP", "the protocol is tcp or udp" },
	{ "80:80/", "the protocol is tcp or udp" },
	{ "80:80/tcp/udp", "the protocol is tcp or udp" },
	{ "80:80/\x1b[2J", "the protocol is tcp or udp" },
	{ "[1111:2222:3333:4444:5555:6666:7777:8888]:10000-20000:10000-20000/tcp .",
	  "the protocol is tcp or udp" },
	{ "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000080:80",
	  "it is too long" },
};

START_TEST(refuses)
{
	struct port_map m = { .first = 4711 };
	struct kerr err = { 0 };

	ck_assert_int_eq(port_parse(invalid[_i].entry, &m, &err), -EINVAL);
	ck_assert_msg(strstr(err.msg, invalid[_i].why), "'%s': %s", invalid[_i].entry, err.msg);
	ck_assert_msg(!strchr(err.msg, '\x1b'), "%s", err.msg);
	ck_assert_int_eq(m.first, 4711);
}
END_TEST

static const struct {
	const char *a, *b;
	unsigned port; /* 0: both can be published */
} pairs[] = {
	{ "80:1", "80:2", 80 },
	{ "80:1", "81:1", 0 },
	{ "80:1", "80:1/udp", 0 },
	{ "53:1/udp", "127.0.0.1:53:1/udp", 53 },
	{ "127.0.0.1:80:1", "127.0.0.1:80:2", 80 },
	{ "127.0.0.1:80:1", "192.0.2.1:80:1", 0 },
	{ "127.0.0.1:80:1", "0.0.0.0:80:1", 80 },
	{ "80-90:80-90", "90-99:1-10", 90 },
	{ "80-90:80-90", "91-99:1-9", 0 },
	{ "80-90:80-90", "85:1", 85 },
	{ "1-65535:1-65535", "65535:1", 65535 },
	{ "[::]:80:1", "[::1]:80:1", 80 },
	{ "[::1]:80:1", "[::2]:80:1", 0 },
	{ "[::]:80:1", "80:1", 0 },
};

START_TEST(overlaps)
{
	struct port_map a, b;
	uint16_t port = 0;

	ck_assert_int_eq(port_parse(pairs[_i].a, &a, NULL), 0);
	ck_assert_int_eq(port_parse(pairs[_i].b, &b, NULL), 0);
	ck_assert_int_eq(port_overlap(&a, &b, &port), pairs[_i].port != 0);
	ck_assert_uint_eq(port, pairs[_i].port);
	port = 0;
	ck_assert_int_eq(port_overlap(&b, &a, &port), pairs[_i].port != 0);
	ck_assert_uint_eq(port, pairs[_i].port);
}
END_TEST

static struct cell_doc *read_cell(const char *containers)
{
	cleanup_free char *yaml = xasprintf("kind: Cell\nspec: {containers: %s}", containers);

	return doc_from(yaml, KIND_CELL);
}

START_TEST(of_cell)
{
	struct cell_doc *doc = read_cell("[{id: a, ports: ['80', '81:82']}, {id: b}, "
					 "{id: c, ports: ['1.2.3.4:53:53/udp', '82:82']}]");
	cleanup_port_list struct port_list l = { 0 };
	cleanup_port_list struct port_list same = { 0 };
	char buf[PORT_TEXT_MAX];

	ports_of_cell(&doc->spec, &l);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(port_text(&l.v[0], buf), "0.0.0.0:81:82/tcp");
	ck_assert_str_eq(port_text(&l.v[1], buf), "1.2.3.4:53:53/udp");
	ck_assert_str_eq(port_text(&l.v[2], buf), "0.0.0.0:82:82/tcp");
	ports_of_cell(&doc->spec, &same);
	ck_assert(port_list_eq(&l, &same));
	same.v[2].first++;
	ck_assert(!port_list_eq(&l, &same));
	same.n--;
	ck_assert(!port_list_eq(&l, &same));
	doc_free(KIND_CELL, doc);
}
END_TEST

START_TEST(too_many)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 16);
	struct kerr err = { 0 };
	struct cell_doc *doc;

	for (int n = PORTS_MAX_PER_CELL; n <= PORTS_MAX_PER_CELL + 1; n++) {
		buf_reset(&text);
		buf_adds(&text, "[{id: a, ports: ['1', '2'");
		for (int i = 0; i < n; i++)
			buf_addf(&text, ", '%d:1'", 1000 + i);
		buf_adds(&text, "]}]");
		doc = read_cell(buf_str(&text));
		if (n == PORTS_MAX_PER_CELL)
			ck_assert_int_eq(ports_check_cell(&doc->spec, &err), 0);
		else
			ck_assert_int_eq(ports_check_cell(&doc->spec, &err), -EINVAL);
		doc_free(KIND_CELL, doc);
	}
	ck_assert_str_eq(err.msg,
			 "ports: 65 entries publish ports, a cell has at most 64; use ranges");
}
END_TEST

static Suite *test_ports(void)
{
	Suite *s = suite_create("ports");
	TCase *tc = tcase_create("ports");

	tcase_add_loop_test(tc, parses, 0, ARRAY_SIZE(valid));
	tcase_add_loop_test(tc, refuses, 0, ARRAY_SIZE(invalid));
	tcase_add_loop_test(tc, overlaps, 0, ARRAY_SIZE(pairs));
	tcase_add_test(tc, of_cell);
	tcase_add_test(tc, too_many);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_ports);
