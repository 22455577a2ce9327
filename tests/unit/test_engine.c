/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "copy.h"
#include "engine.h"
#include "engine_dir.h"
#include "fd.h"
#include "hosts.h"
#include "lease.h"
#include "mem.h"
#include "net_ipv6.h"
#include "network.h"
#include "path.h"
#include "str.h"
#include "unit.h"

/* ---- opening ---- */

START_TEST(configurations)
{
	static const struct {
		struct engine_config c;
		const char *says;
	} bad[] = {
		{ { .pod_subnet_cidr = "10.88.0.0" }, "podSubnetCIDR" },
		{ { .pod_subnet_cidr = "fd00::/64" }, "podSubnetCIDR" },
		{ { .pod_subnet_size = 8 }, "podSubnetSize" },
		{ { .pod_subnet_size = 31 }, "podSubnetSize" },
		{ { .pod_subnet_cidr_v6 = "10.0.0.0/8" },
		  "podSubnetCIDRv6 \"10.0.0.0/8\" is not an" },
		{ { .pod_subnet_cidr_v6 = "fd00::/49" },
		  "podSubnetCIDRv6 \"fd00::/49\" is too long" },
		{ { .firewall_backend = "iptables" }, "firewallBackend \"iptables\"" },
		{ { .cgroup_root = "../x" }, "" },
	};
	struct engine_config good = { .cgroup_root = "/x/", .suffix = "a.b" };
	struct engine *other = NULL;
	struct kerr err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct kerr){ 0 };
		ck_assert_int_lt(engine_open(&bad[i].c, &other, &err), 0);
		ck_assert_ptr_null(other);
		ck_assert_ptr_nonnull(strstr(err.msg, bad[i].says));
		ck_assert_str_ne(err.msg, "");
	}
	ck_assert_int_eq(engine_open(&good, &other, &err), 0);
	ck_assert_str_eq(other->cgroup_root, "/x");
	ck_assert_str_ne(other->instance, "");
	other = engine_close(other);
	good = (struct engine_config){ 0 };
	ck_assert_int_eq(engine_open(&good, &other, &err), 0);
	ck_assert_str_eq(other->instance, "");
	other = engine_close(other);
}
END_TEST

/* ---- IPv6 ---- */

START_TEST(ipv6_of_a_cell)
{
	static const struct {
		const char *prefix, *pod, *subnet, *space, *gateway, *cell;
	} rows[] = {
		{ "fd6b:756b:656f::/48", NULL, "10.88.3.0/24", "fd6b:756b:656f:300::/64",
		  "fd6b:756b:656f:300::1/64", "fd6b:756b:656f:300::7/64" },
		/* host bits of the prefix are no matter, nor is where the subnet came from */
		{ "fd6b:756b:656f::1/48", NULL, "10.99.255.240/28", "fd6b:756b:656f:fff0::/64",
		  "fd6b:756b:656f:fff0::1/64", "fd6b:756b:656f:fff0::7/64" },
		{ "fd00::/40", "10.0.0.0/8", "10.88.4.0/22", "fd00:0:58:400::/64",
		  "fd00:0:58:400::1/64", "fd00:0:58:400::7/64" },
		{ "fd00::/8", NULL, "10.88.3.0/24", "fd00:0:a58:300::/64", "fd00:0:a58:300::1/64",
		  "fd00:0:a58:300::7/64" },
		{ "fd00::/56", "192.168.1.0/24", "192.168.1.128/25", "fd00:0:0:80::/64",
		  "fd00:0:0:80::1/64", "fd00:0:0:80::7/64" },
	};
	char text[IPNET_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct engine_config c = { .pod_subnet_cidr = rows[i].pod,
						 .pod_subnet_size = rows[i].pod ? 30 : 0,
						 .pod_subnet_cidr_v6 = rows[i].prefix };
		struct engine *other = NULL;
		struct kerr err = { 0 };
		struct ipv4_net subnet;
		struct ipnet net, addr;

		ck_assert_msg(engine_open(&c, &other, &err) == 0, "%s", err.msg);
		ck_assert_int_eq(ipv4_net_parse(rows[i].subnet, &subnet), 0);
		net = net_ipv6_subnet(other, subnet);
		ck_assert_str_eq(ipnet_text(&net, text), rows[i].space);
		addr = net_ipv6_addr(&net, subnet, subnet.addr + 1);
		ck_assert_str_eq(ipnet_text(&addr, text), rows[i].gateway);
		addr = net_ipv6_addr(&net, subnet, subnet.addr + 7);
		ck_assert_str_eq(ipnet_text(&addr, text), rows[i].cell);
		other = engine_close(other);
	}
}
END_TEST

START_TEST(no_ipv6_unless_asked_for)
{
	const struct ipv4_net subnet = { 0x0a580300, 24 };
	const struct ipnet net = net_ipv6_subnet(e, subnet);
	const struct ipnet addr = net_ipv6_addr(&net, subnet, 0x0a580307);
	char text[IPNET_TEXT_MAX];

	ck_assert_int_eq(net.family, IPNET_NONE);
	ck_assert_int_eq(addr.family, IPNET_NONE);
	ck_assert_str_eq(net_ipv6_prefix(e, text), "");
	ck_assert_int_eq(net_ipv6_check(e, NULL), 0);
}
END_TEST

/* ---- dispatch ---- */

/* Empty arguments: whatever a client leaves out. Nothing may be made of that. */
static char *answer_to_nothing(const struct rpc_method *m)
{
	void *args cleanup_free = xcalloc(1, m->args->size);
	void *reply cleanup_free = xcalloc(1, m->reply->size);
	cleanup_buf struct buf items = BUF_INIT(KUKE_MAX_REPLY);
	struct rpc_link link = { .fd = -EBADF, .stop_fd = -EBADF, .items = &items };
	struct rpc_fds fds = { .link = &link, .stream = -EBADF };
	const struct rpc_err *failure;
	char *text = NULL;
	int r = engine_dispatch(e, m, NULL, args, reply, &fds);

	failure = rpc_reply_err(m, reply);
	ck_assert_int_eq(r < 0, failure != NULL);
	if (failure)
		text = xstrdup(failure->message);
	model_clear(m->args, args);
	model_clear(m->reply, reply);
	return text;
}

START_TEST(handlers_and_methods)
{
	for (int id = RPC_METHOD_INVALID + 1; id < _RPC_METHOD_MAX; id++) {
		const struct rpc_method *m = rpc_method_get((enum rpc_method_id) id);
		char *said cleanup_free = NULL;
		bool missing;

		ck_assert_ptr_nonnull(m);
		if (id == RPC_X_OPEN_ENGINE)
			continue; /* kukeond's: there is no engine before it */
		said = answer_to_nothing(m);
		missing = said && str_has_prefix(said, "not implemented yet: ");
		ck_assert_msg(missing == m->to_come, "%s: %s", m->name, said ? said : "works");
		ck_assert_msg(!said || said[0], "%s fails without a word", m->name);
	}
}
END_TEST

/* A request about a space without its name is none about the realm. */
START_TEST(a_missing_name_is_no_parent)
{
	static const enum rpc_method_id ids[] = { RPC_GET_SPACE, RPC_CREATE_SPACE,
						  RPC_DELETE_SPACE };
	struct realm_doc realm = { 0 };
	struct addr a = { .realm = "r" };
	struct kerr err = { 0 };

	realm.head.metadata.name = xstrdup("r");
	ck_assert_int_eq(store_save(&e->layout, &a, 0, &realm, &err), 0);
	model_clear(&realm_doc_type, &realm);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct rpc_method *m = rpc_method_get(ids[i]);
		void *args cleanup_free = xcalloc(1, m->args->size);
		void *reply cleanup_free = xcalloc(1, m->reply->size);
		struct space_doc *d = args; /* the first member of all three */

		d->head.metadata.name = xstrdup(i == 1 ? " " : "");
		d->spec.realm_id = xstrdup("r");
		ck_assert_int_lt(engine_dispatch(e, m, NULL, args, reply, NULL), 0);
		ck_assert_ptr_nonnull(strstr(rpc_reply_err(m, reply)->message, "space name"));
		model_clear(m->args, args);
		model_clear(m->reply, reply);
	}
	ck_assert_int_eq(store_exists(&e->layout, &a, &err), 1);
}
END_TEST

/* ---- hosts ---- */

static const struct addr space = { .realm = "r", .space = "s" };
static const struct space_net net = { .subnet = { .addr = 0x0a580000, .prefix = 29 },
				      .gateway = 0x0a580001,
				      .bridge = "k-unit" };

static struct addr cell(const char *name)
{
	return (struct addr){ .realm = "r", .space = "s", .stack = "t", .cell = name };
}

static char *read_file(const char *path)
{
	struct buf b = BUF_INIT(65536);

	ck_assert_int_eq(file_read_at(AT_FDCWD, path, 65536, &b, NULL), 0);
	return buf_take(&b);
}

START_TEST(hosts_of_a_space)
{
	char *hosts cleanup_free = layout_object(&e->layout, &space, SPACE_HOSTS);
	struct addr a = cell("a"), odd = cell("no label"), host = cell("h");
	char *da cleanup_free = layout_object(&e->layout, &a, OBJECT_DIR);
	char *dh cleanup_free = layout_object(&e->layout, &host, OBJECT_DIR);
	char *mine cleanup_free = layout_object(&e->layout, &a, CELL_ETC_HOSTS);
	char *none cleanup_free = layout_object(&e->layout, &host, CELL_ETC_HOSTS);
	char *name cleanup_free = layout_object(&e->layout, &a, CELL_ETC_HOSTNAME);
	char *text cleanup_free = NULL, *says cleanup_free = NULL, *later cleanup_free = NULL;
	char *own cleanup_free = NULL, *theirs cleanup_free = NULL;
	const struct strlist none_joined = { 0 };
	struct stat before, after, linked;
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(mkdir_p(da, 0755, &err), 0);
	ck_assert_int_eq(mkdir_p(dh, 0755, &err), 0);
	ck_assert_int_eq(lease_take(e, &(struct lease_holder){ .cell = a }, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &(struct lease_holder){ .cell = odd }, &net, &got, &err), 0);
	ck_assert_int_eq(hosts_update(e, &space, &err), 0);
	ck_assert_int_eq(hosts_prepare_cell(e, &a, &none_joined, 0, &err), 0);
	/* A cell that moves to the host's network leaves the space's names as they are. */
	ck_assert_int_eq(hosts_prepare_cell(e, &host, &none_joined, 0, &err), 0);
	ck_assert_int_eq(hosts_prepare_cell(e, &host, &none_joined, HOSTS_OF_HOST, &err), 0);
	text = read_file(hosts);
	ck_assert_ptr_nonnull(strstr(text, "127.0.0.1\tlocalhost\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n10.88.0.2\ta a.t\n"));
	ck_assert_ptr_null(strstr(text, "no label"));
	says = read_file(name);
	ck_assert_str_eq(says, "a\n");
	/* One inode, rewritten in place: who has it open sees what comes. */
	ck_assert_int_eq(stat(hosts, &before), 0);
	ck_assert_int_eq(stat(mine, &linked), 0);
	ck_assert_uint_eq(before.st_ino, linked.st_ino);
	ck_assert_int_eq(stat(none, &linked), 0);
	ck_assert_uint_ne(before.st_ino, linked.st_ino);
	own = read_file(none);
	ck_assert_ptr_nonnull(strstr(own, "localhost"));
	ck_assert_ptr_null(strstr(own, "10.88.0.2"));
	if (access("/etc/hosts", R_OK) == 0) {
		free(own);
		own = read_file(none);
		theirs = read_file("/etc/hosts");
		ck_assert_str_eq(own, theirs);
	}
	ck_assert_int_eq(lease_drop(e, &(struct lease_holder){ .cell = a }, &err), 0);
	ck_assert_int_eq(hosts_update(e, &space, &err), 0);
	ck_assert_int_eq(stat(hosts, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	later = read_file(mine);
	ck_assert_ptr_null(strstr(later, "10.88.0.2"));
	ck_assert_uint_eq(strlen(later), (size_t) after.st_size);
}
END_TEST

START_TEST(resolvers)
{
	static const struct {
		const char *in, *out;
		size_t left;
		enum hosts_flags flags;
	} cases[] = {
		{ "", "", 0, 0 },
		{ "nameserver 1.1.1.1\n", "nameserver 1.1.1.1\n", 1, 0 },
		{ "nameserver 127.0.0.53\noptions edns0\n", "options edns0\n", 0, 0 },
		{ "nameserver\t::1\nnameserver 9.9.9.9", "nameserver 9.9.9.9\n", 1, 0 },
		{ "nameserver ::1%lo\n", "", 0, 0 },
		/* the cell has no IPv6 */
		{ "nameserver ::1234\nnameserver 2001:db8::1\nnameserver fe80::1%eth0\n", "", 0,
		  0 },
		{ "nameserver 0.0.0.0\nnameserver ::\nnameserver ::ffff:127.0.0.1\n", "", 0, 0 },
		{ "nameserver 127.0.0.1 # x\nnameserver 10.0.0.1 # y\r\nnameserverx\nnameserver\n",
		  "nameserver 10.0.0.1 # y\r\nnameserverx\nnameserver\n", 1, 0 },
		/* more than three are never read */
		{ "nameserver fe80::1%eth0\nnameserver 2001:db8::1\nnameserver 2001:db8::2\n"
		  "nameserver 10.0.0.1\n",
		  "nameserver 10.0.0.1\n", 1, 0 },
		{ "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n"
		  "search a\n",
		  "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nsearch a\n", 3, 0 },
		{ "nameserver no.such.address.of.any.kind\n", "", 0, 0 },
		{ "search a b\nnameserver  127.1.2.3\n", "search a b\n", 0, 0 },
		{ "# nameserver 127.0.0.1\n", "# nameserver 127.0.0.1\n", 0, 0 },
		/* it has */
		{ "nameserver 2001:db8::1\nnameserver 10.0.0.1\nnameserver fd00::5\n",
		  "nameserver 2001:db8::1\nnameserver 10.0.0.1\nnameserver fd00::5\n", 3,
		  HOSTS_IPV6 },
		{ "nameserver ::1\nnameserver ::\nnameserver fe80::1%eth0\nnameserver fe80::1\n"
		  "nameserver ::ffff:127.0.0.1\nnameserver 127.0.0.1\n",
		  "", 0, HOSTS_IPV6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b cleanup_buf = BUF_INIT(4096);

		ck_assert_uint_eq(hosts_filter_resolv(&b, cases[i].in, cases[i].flags),
				  cases[i].left);
		ck_assert_str_eq(buf_str(&b), cases[i].out);
	}
}
END_TEST

static Suite *test_engine(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, configurations);
	tcase_add_test(t, ipv6_of_a_cell);
	tcase_add_test(t, no_ipv6_unless_asked_for);
	tcase_add_test(t, handlers_and_methods);
	tcase_add_test(t, a_missing_name_is_no_parent);
	tcase_add_test(t, hosts_of_a_space);
	tcase_add_test(t, resolvers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_engine);
