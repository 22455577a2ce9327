/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine_dir.h"
#include "fd.h"
#include "host_lo.h"
#include "published.h"
#include "str.h"
#include "vec.h"
#include "wake.h"

#define ADDR 0x0a580002

static const struct addr web = { "r", "s", "t", "web" }, db = { "r", "s", "t", "db" },
			 far = { "r2", "s", "t", "web" };

/* "8080:80 53:53/udp"; the caller clears it. */
static struct port_list list_of(const char *text)
{
	struct port_list l = { 0 };
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL && *word)
		ck_assert_int_eq(port_parse(word, vec_grow(&l.v, &l.n, sizeof(*l.v)), NULL), 0);
	return l;
}

/* A started cell has a directory of its start. */
static void publish(const struct addr *cell, const char *ports)
{
	cleanup_port_list struct port_list l = list_of(ports);
	cleanup_free char *start = layout_start(&e->layout, cell, NULL, NULL);
	struct kerr err = { 0 };

	ck_assert_int_eq(mkdir_p(start, 0700, &err), 0);
	ck_assert_msg(published_write(e, cell, ADDR, &l, &err) == 0, "%s", err.msg);
}

static char *link_of(const struct addr *cell)
{
	cleanup_free char *d = layout_rt(&e->layout, RT_PUBLISHED);
	cleanup_free char *key = wake_key(cell);

	return path_join(d, key, NULL);
}

/* "r/s/t/web=0.0.0.0:80:80/tcp …" of all. */
static char *all_text(const struct published_list *l)
{
	struct buf b = BUF_INIT(8192);
	char buf[PORT_TEXT_MAX];

	for (size_t i = 0; i < l->n; i++) {
		cleanup_free char *where = addr_text(&l->v[i].cell.a);

		buf_addf(&b, "%s%s=", i ? " " : "", where);
		for (size_t k = 0; k < l->v[i].ports.n; k++)
			buf_addf(&b, "%s%s", k ? "," : "", port_text(&l->v[i].ports.v[k], buf));
	}
	return buf_take(&b);
}

START_TEST(records)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_(published_clear) struct published one = { 0 };
	cleanup_free char *link = link_of(&web), *text = NULL;
	char to[256] = "";
	struct kerr err = { 0 };

	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	ck_assert_uint_eq(all.n, 0);
	ck_assert_int_eq(published_read(e, &web, &one, &err), -ENOENT);
	publish(&web, "8080:80 127.0.0.1:5300-5310:53-63/udp");
	publish(&far, "81:81");
	publish(&db, "5432:5432");
	ck_assert_int_gt(readlink(link, to, sizeof(to) - 1), 0);
	ck_assert_str_eq(to, "10.88.0.2 0.0.0.0:8080:80/tcp 127.0.0.1:5300-5310:53-63/udp");
	ck_assert_int_eq(published_read(e, &web, &one, &err), 0);
	ck_assert_uint_eq(one.addr, ADDR);
	ck_assert_uint_eq(one.ports.n, 2);
	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	text = all_text(&all);
	ck_assert_str_eq(text, "r2/s/t/web=0.0.0.0:81:81/tcp r/s/t/db=0.0.0.0:5432:5432/tcp "
			       "r/s/t/web=0.0.0.0:8080:80/tcp,127.0.0.1:5300-5310:53-63/udp");
	publish(&web, "90:90");
	publish(&web, "");
	publish(&web, "");
	ck_assert_int_eq(access(link, F_OK), -1);
	published_clear(&one);
	ck_assert_int_eq(published_read(e, &db, &one, &err), 0);
}
END_TEST

/* Their cell's address is of no use to us: the rules are the plugins'. */
START_TEST(by_plugins)
{
	cleanup_port_list struct port_list ports = list_of("127.0.0.1:8080:80");
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_(published_clear) struct published one = { 0 };
	cleanup_free char *link = link_of(&web);
	char to[256] = "";
	struct kerr err = { 0 };

	ck_assert_int_eq(published_write(e, &web, 0, &ports, &err), 0);
	ck_assert_int_gt(readlink(link, to, sizeof(to) - 1), 0);
	ck_assert_str_eq(to, "plugins 127.0.0.1:8080:80/tcp");
	ck_assert_int_eq(published_read(e, &web, &one, &err), 0);
	ck_assert_uint_eq(one.addr, 0);
	ck_assert(port_list_eq(&one.ports, &ports));
	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	ck_assert_uint_eq(all.n, 1);
	ck_assert(port_list_eq(&all.v[0].ports, &ports));
}
END_TEST

/* What is changed in memory has the order of what is read. */
START_TEST(in_memory)
{
	static const struct addr cells[] = { { "r", "s", "t", "b" },   { "r", "s", "t", "a" },
					     { "r", "s2", "t", "a" },  { "r-2", "s", "t", "a" },
					     { "r", "s", "t", "a.b" }, { "r", "s", "t", "ab" } };
	cleanup_(published_list_clear) struct published_list l = { 0 }, read = { 0 };
	cleanup_free char *mine = NULL, *theirs = NULL;
	struct kerr err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		cleanup_port_list struct port_list ports = list_of("80:80");

		ports.v[0].host_first = ports.v[0].host_last = (uint16_t) (100 + i);
		published_set(&l, &cells[i], ADDR, &ports);
		ck_assert_int_eq(published_write(e, &cells[i], ADDR, &ports, &err), 0);
	}
	ck_assert_int_eq(published_read_all(e, &read, &err), 0);
	mine = all_text(&l);
	theirs = all_text(&read);
	ck_assert_str_eq(mine, theirs);
	published_set(&l, &cells[0], ADDR, NULL);
	ck_assert_uint_eq(published_find(&l, &cells[0])->ports.n, 0);
	published_set(&l, &web, ADDR, NULL);
	ck_assert_ptr_null(published_find(&l, &web));
}
END_TEST

static const char *const damaged[] = { "",
				       "10.88.0.2",
				       "10.88.0.2 ",
				       "10.88.0.2 80",
				       "nonsense 80:80",
				       "0.0.0.0 80:80",
				       "plugins",
				       "10.88.0.2 80:80 x",
				       "10.88.0.2 [::g]:80:80",
				       "10.88.0.2  80:80" };

START_TEST(damage)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_(published_clear) struct published one = { 0 };
	cleanup_free char *link = link_of(&web), *d = layout_rt(&e->layout, RT_PUBLISHED);
	struct addr stack = engine_hierarchy();
	struct addr a = engine_cell(&stack, "web");
	struct cell_doc doc = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(store_load(&e->layout, &a, 0, &doc, &err), 0);
	strlist_add(&doc.spec.containers.v[0].ports, "8080:80");
	engine_store(KIND_CELL, &doc);
	ck_assert_int_eq(mkdir_p(d, 0700, &err), 0);
	if (*damaged[_i])
		ck_assert_int_eq(symlink(damaged[_i], link), 0);
	else
		ck_assert_int_eq(mkdir_p(link, 0700, &err), 0);
	ck_assert_int_eq(published_read(e, &web, &one, &err), -EBADMSG);
	ck_assert_msg(str_has_suffix(err.msg, "is not a valid record of published ports"), "%s",
		      err.msg);
	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	ck_assert_uint_eq(all.n, 1);
	ck_assert_uint_eq(all.v[0].ports.n, 1);
	ck_assert_uint_eq(all.v[0].ports.v[0].host_first, 8080);
	publish(&web, "90:90");
	ck_assert_int_eq(published_read(e, &web, &one, &err), 0);
	ck_assert_uint_eq(one.ports.v[0].host_first, 90);
}
END_TEST

static const struct {
	const char *want, *error; /* NULL: it can be published */
} checks[] = {
	{ "81:80", NULL },
	{ "8080:80/udp", NULL },
	{ "127.0.0.2:9090:80", NULL },
	{ "8080:81", "port 8080/tcp of the host is taken by cell \"db\" (realm \"r\", space \"s\", "
		     "stack \"t\"), which publishes 0.0.0.0:8080->80/tcp" },
	{ "127.0.0.2:8080:81", "port 8080/tcp of the host is taken by cell \"db\" *" },
	{ "8000-8100:1-101", "port 8080/tcp of the host is taken by cell \"db\" *" },
	{ "9000-9100:1-101",
	  "port 9090/tcp of the host is taken by cell \"db\" (realm \"r\", space "
	  "\"s\", stack \"t\"), which publishes 127.0.0.1:9090->90/tcp" },
	{ "7070:80", "port 7070/tcp of the host is taken: *listens on 0.0.0.0:7070" },
	{ "127.0.0.1:7000-7100:1-101",
	  "port 7070/tcp of the host is taken: *listens on 0.0.0.0:7070" },
	{ "7070:80/udp", NULL },
	{ "6060:80", NULL }, /* published already, whoever has listened there since */
	{ "6060-6061:80-81", "port 6060/tcp of the host is taken: *listens on 0.0.0.0:6060" },
	{ "5050:80", NULL }, /* of a cell that is no longer started */
	{ "192.0.2.1:80:80",
	  "cannot publish 192.0.2.1:80->80/tcp: the host has no address 192.0.2.1" },
	{ "[::1]:80:80", "cannot publish [::1]:80->80/tcp: cells have no IPv6 address, since "
			 "podSubnetCIDRv6 is not set; use an IPv4 address of the host" },
};

/* The same where cells have IPv6. */
static const struct {
	const char *want, *error;
} checks6[] = {
	{ "[::1]:80:80",
	  "cannot publish [::1]:80->80/tcp: the kernel lets nothing pass from ::1 to "
	  "a cell; use 127.0.0.1" },
	{ "[2001:db8::1]:80:80",
	  "cannot publish [2001:db8::1]:80->80/tcp: the host has no such address" },
	{ "[::]:8081:80", NULL },
	{ "[::]:8080:80", "port 8080/tcp of the host is taken by cell \"db\" *" },
	{ "[::]:9090:80", NULL }, /* taken on 127.0.0.1 alone */
	{ "[::]:7070:80", NULL }, /* a socket of IPv4 */
	{ "[::]:4040:80", "port 4040/tcp of the host is taken: *listens on [::]:4040" },
	{ "4040:80", "port 4040/tcp of the host is taken: *listens on [::]:4040" },
	{ "127.0.0.1:4040:80", NULL },
};

static int listen_on(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* "*" stands for anything. */
static bool matches(const char *text, const char *want)
{
	const char *star = strchr(want, '*');

	if (!star)
		return streq(text, want);
	return strncmp(text, want, (size_t) (star - want)) == 0 && str_has_suffix(text, star + 1);
}

START_TEST(conflicts)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_port_list struct port_list want = list_of(checks[_i].want);
	cleanup_free char *start = layout_start(&e->layout, &far, NULL, NULL);
	cleanup_fd int one = -EBADF, two = -EBADF;
	struct kerr err = { 0 };
	int r;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	host_lo_up();
	one = listen_on(7070);
	two = listen_on(6060);
	publish(&db, "8080:80 127.0.0.1:9090:90");
	publish(&web, "6060:80");
	publish(&far, "5050:80");
	ck_assert_int_eq(rmdir(start), 0);
	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	r = published_check(e, &all, &web, &want, &err);
	if (!checks[_i].error)
		ck_assert_msg(r == 0, "%s: %s", checks[_i].want, err.msg);
	else
		ck_assert_msg(r < 0 && matches(err.msg, checks[_i].error), "%s: %d: %s",
			      checks[_i].want, r, err.msg);
}
END_TEST

static int listen_on_ipv6(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

START_TEST(conflicts_of_ipv6)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_port_list struct port_list want = list_of(checks6[_i].want);
	cleanup_fd int one = -EBADF, two = -EBADF;
	struct kerr err = { 0 };
	int r;

	e->pod_net6 = (struct ipnet){ .family = IPNET_V6, .prefix = 48, .addr = { 0xfd } };
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	host_lo_up();
	one = listen_on(7070);
	two = listen_on_ipv6(4040);
	publish(&db, "8080:80 127.0.0.1:9090:90");
	ck_assert_int_eq(published_read_all(e, &all, &err), 0);
	r = published_check(e, &all, &web, &want, &err);
	if (!checks6[_i].error)
		ck_assert_msg(r == 0, "%s: %s", checks6[_i].want, err.msg);
	else
		ck_assert_msg(r < 0 && matches(err.msg, checks6[_i].error), "%s: %d: %s",
			      checks6[_i].want, r, err.msg);
}
END_TEST

/* Entries with long addresses: what a record holds is its end. */
START_TEST(records_of_ipv6)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_(published_clear) struct published now = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 16);
	struct kerr err = { 0 };

	e->pod_net6 = (struct ipnet){ .family = IPNET_V6, .prefix = 48, .addr = { 0xfd } };
	publish(&db, "8080:80 [2001:db8::1]:9090:90 [::]:53:53/udp");
	ck_assert_int_eq(published_read(e, &db, &now, &err), 0);
	ck_assert_uint_eq(now.ports.n, 3);
	ck_assert(now.ports.v[1].ipv6 && now.ports.v[2].ipv6 && !now.ports.v[0].ipv6);
	for (unsigned i = 0; i < PORTS_MAX_PER_CELL; i++) {
		const unsigned first = 10000 + 10 * i;

		buf_addf(&text, "%s[2001:db8:1111:2222:3333:4444:5555:6666]:%u-%u:%u-%u/tcp",
			 i ? " " : "", first, first + 9, first, first + 9);
	}
	{
		cleanup_port_list struct port_list want = list_of(buf_str(&text));

		ck_assert_uint_eq(want.n, PORTS_MAX_PER_CELL);
		ck_assert_int_eq(published_check(e, &all, &web, &want, &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, "are too many for one cell"));
	}
}
END_TEST

static Suite *test_published(void)
{
	Suite *s = suite_create("published");
	TCase *tc = tcase_create("published");

	tcase_add_checked_fixture(tc, engine_set_up, engine_tear_down);
	tcase_add_test(tc, records);
	tcase_add_test(tc, by_plugins);
	tcase_add_test(tc, in_memory);
	tcase_add_loop_test(tc, damage, 0, ARRAY_SIZE(damaged));
	tcase_add_loop_test(tc, conflicts, 0, ARRAY_SIZE(checks));
	tcase_add_loop_test(tc, conflicts_of_ipv6, 0, ARRAY_SIZE(checks6));
	tcase_add_test(tc, records_of_ipv6);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_published);
