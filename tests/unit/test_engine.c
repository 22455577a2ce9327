/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "engine.h"
#include "fd.h"
#include "hosts.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "path.h"
#include "scope.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

static struct tempdir dir;
static struct engine *e;

static void set_up(void)
{
	char *run cleanup_free = NULL, *rt cleanup_free = NULL;
	struct engine_config c = { .suffix = "unit.test", .cgroup_root = "/kukeon-unit" };
	struct kerr err = { 0 };

	dir = tempdir_make();
	run = path_join(dir.path, "opt", NULL);
	rt = path_join(dir.path, "run", NULL);
	c.run_path = run;
	c.runtime_dir = rt;
	log_init(LOG_LEVEL_NONE, LOG_STYLE_LOGFMT);
	ck_assert_msg(engine_open(&c, &e, &err) == 0, "%s", err.msg);
}

static void tear_down(void)
{
	e = engine_close(e);
	tempdir_clear(&dir);
}

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

/* ---- dispatch ---- */

/* Empty arguments: whatever a client leaves out. Nothing may be made of that. */
static char *answer_to_nothing(const struct rpc_method *m)
{
	void *args cleanup_free = xcalloc(1, m->args->size);
	void *reply cleanup_free = xcalloc(1, m->reply->size);
	const struct rpc_err *failure;
	char *text = NULL;
	int r = engine_dispatch(e, m, NULL, args, reply, NULL);

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
		said = answer_to_nothing(m);
		missing = said && str_has_prefix(said, "not implemented yet: ");
		ck_assert_msg(missing == !m->implemented, "%s: %s", m->name, said ? said : "works");
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

/* ---- names ---- */

START_TEST(scopes)
{
	static const struct {
		struct addr a;
		enum addr_level level;
		enum scope_flags flags;
		const char *says; /* NULL: fine */
	} cases[] = {
		{ { .realm = "r" }, ADDR_REALM, SCOPE_STRICT, NULL },
		{ { 0 }, ADDR_REALM, 0, "realm name is required" },
		{ { .realm = "  " }, ADDR_REALM, 0, "realm name is required" },
		{ { .realm = "r" }, ADDR_SPACE, 0, "space name is required" },
		{ { .realm = "r", .space = "s", .stack = "", .cell = "c" },
		  ADDR_CELL,
		  0,
		  "stack name is required" },
		{ { .realm = "r", .space = "s", .stack = "t" },
		  ADDR_CELL,
		  0,
		  "cell name is required" },
		{ { .realm = ".." }, ADDR_REALM, 0, "realm" },
		{ { .realm = "r", .space = "a/b" }, ADDR_SPACE, 0, "disallowed" },
		{ { .realm = "r", .space = "a_b" }, ADDR_SPACE, SCOPE_STRICT, "disallowed" },
		{ { .realm = "r", .space = "a_b" }, ADDR_SPACE, 0, NULL }, /* not found, later */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kerr err = { 0 };
		int r = scope_check(&cases[i].a, cases[i].level, cases[i].flags, &err);

		ck_assert_int_eq(r == 0, cases[i].says == NULL);
		if (cases[i].says)
			ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(levels_of_kinds)
{
	ck_assert_int_eq(scope_level(KIND_REALM), ADDR_REALM);
	ck_assert_int_eq(scope_level(KIND_CELL), ADDR_CELL);
	ck_assert_int_eq(scope_level(KIND_CONTAINER), ADDR_ROOT);
	ck_assert_int_eq(scope_level(KIND_INVALID), ADDR_ROOT);
}
END_TEST

/* ---- leases and hosts ---- */

static const struct addr space = { .realm = "r", .space = "s" };
static const struct space_net net = { .subnet = { .addr = 0x0a580000, .prefix = 29 },
				      .gateway = 0x0a580001,
				      .bridge = "k-unit" };

static struct addr cell(const char *name)
{
	return (struct addr){ .realm = "r", .space = "s", .stack = "t", .cell = name };
}

START_TEST(leases)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct addr a = cell("a"), b = cell("b"), late = cell("late");
	struct kerr err = { 0 };
	uint32_t got, again;

	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct addr c = cell(names[i]);

		ck_assert_msg(lease_take(e, &c, &net, &got, &err) == 0, "%s", err.msg);
		ck_assert_uint_eq(got, 0x0a580002 + i); /* after the gateway, in order */
	}
	/* A /29 has six addresses, one of them the gateway's. */
	ck_assert_int_eq(lease_take(e, &late, &net, &got, &err), -ENOSPC);
	ck_assert_str_eq(err.msg, "no free address on bridge k-unit; delete cells of the space");
	ck_assert_int_eq(lease_take(e, &b, &net, &again, &err), 0);
	ck_assert_uint_eq(again, 0x0a580003); /* its own, once more */
	ck_assert_int_eq(lease_drop(e, &b, &err), 0);
	ck_assert_int_eq(lease_drop(e, &b, &err), 0);
	ck_assert_int_eq(lease_find(e, &b, &got), -ENOENT);
	ck_assert_int_eq(lease_take(e, &late, &net, &got, &err), 0);
	ck_assert_uint_eq(got, 0x0a580003); /* the lowest that is free */
}
END_TEST

START_TEST(what_is_no_lease)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *odd cleanup_free = path_join(d, "10.88.0.2", NULL);
	char *word cleanup_free = path_join(d, "readme", NULL);
	struct addr a = cell("a");
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(mkdir_p(d, 0755, &err), 0);
	ck_assert_int_eq(symlink("nothing-of-ours", odd), 0);
	ck_assert_int_eq(symlink("t/a", word), 0);
	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
	/* A damaged one may be that of a cell that runs: the address is no other's. */
	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_uint_eq(got, net.gateway + 2);
	/* One that was lost is made again for the cell that is up with it. */
	ck_assert_int_eq(lease_drop(e, &a, &err), 0);
	ck_assert_int_eq(lease_keep(e, &a, got, &err), 1);
	ck_assert_int_eq(lease_keep(e, &a, got, &err), 0);
}
END_TEST

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
	struct stat before, after, linked;
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(mkdir_p(da, 0755, &err), 0);
	ck_assert_int_eq(mkdir_p(dh, 0755, &err), 0);
	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &odd, &net, &got, &err), 0);
	ck_assert_int_eq(hosts_update(e, &space, &err), 0);
	ck_assert_int_eq(hosts_prepare_cell(e, &a, 0, &err), 0);
	/* A cell that moves to the host's network leaves the space's names as they are. */
	ck_assert_int_eq(hosts_prepare_cell(e, &host, 0, &err), 0);
	ck_assert_int_eq(hosts_prepare_cell(e, &host, HOSTS_OF_HOST, &err), 0);
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
	ck_assert_int_eq(lease_drop(e, &a, &err), 0);
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
	} cases[] = {
		{ "", "", 0 },
		{ "nameserver 1.1.1.1\n", "nameserver 1.1.1.1\n", 1 },
		{ "nameserver 127.0.0.53\noptions edns0\n", "options edns0\n", 0 },
		{ "nameserver\t::1\nnameserver 9.9.9.9", "nameserver 9.9.9.9\n", 1 },
		{ "nameserver ::1%lo\n", "", 0 },
		/* no cell has IPv6 */
		{ "nameserver ::1234\nnameserver 2001:db8::1\nnameserver fe80::1%eth0\n", "", 0 },
		{ "nameserver 0.0.0.0\nnameserver ::\nnameserver ::ffff:127.0.0.1\n", "", 0 },
		{ "nameserver 127.0.0.1 # x\nnameserver 10.0.0.1 # y\r\nnameserverx\nnameserver\n",
		  "nameserver 10.0.0.1 # y\r\nnameserverx\nnameserver\n", 1 },
		/* more than three are never read */
		{ "nameserver fe80::1%eth0\nnameserver 2001:db8::1\nnameserver 2001:db8::2\n"
		  "nameserver 10.0.0.1\n",
		  "nameserver 10.0.0.1\n", 1 },
		{ "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n"
		  "search a\n",
		  "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nsearch a\n", 3 },
		{ "nameserver no.such.address.of.any.kind\n", "", 0 },
		{ "search a b\nnameserver  127.1.2.3\n", "search a b\n", 0 },
		{ "# nameserver 127.0.0.1\n", "# nameserver 127.0.0.1\n", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b cleanup_buf = BUF_INIT(4096);

		ck_assert_uint_eq(hosts_filter_resolv(&b, cases[i].in), cases[i].left);
		ck_assert_str_eq(buf_str(&b), cases[i].out);
	}
}
END_TEST

/* ---- networks ---- */

START_TEST(network_records)
{
	char *file cleanup_free = layout_object(&e->layout, &space, SPACE_NETWORK);
	char *conflist cleanup_free = layout_object(&e->layout, &space, SPACE_CONFLIST);
	char *lease_dir cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *lease cleanup_free = NULL;
	char *name cleanup_free = network_name(&space);
	struct ipv4_net subnet;
	char ip[IPV4_TEXT_MAX];
	struct addr twin = { .realm = "r-s", .space = "x" },
		    other = { .realm = "r", .space = "s-x" };
	struct space_doc d = { 0 };
	struct space_net n, m;
	struct realm_doc rd = { 0 };
	struct addr realms[] = { { .realm = "r" }, { .realm = "r-s" } };
	struct kerr err = { 0 };
	FILE *f;

	ck_assert_str_eq(name, "r-s");
	ck_assert_int_eq(network_load(e, &space, &n, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "");
	for (size_t i = 0; i < ARRAY_SIZE(realms); i++) {
		rd.head.metadata.name = xstrdup(realms[i].realm);
		ck_assert_int_eq(store_save(&e->layout, &realms[i], 0, &rd, &err), 0);
		model_clear(&realm_doc_type, &rd);
	}
	ck_assert_int_eq(store_begin(&e->layout, &space, &err), 0);
	ck_assert_int_eq(network_create(e, &space, &n, &err), 1);
	d.head.metadata.name = xstrdup("s");
	d.spec.realm_id = xstrdup("r");
	ck_assert_int_eq(store_save(&e->layout, &space, 0, &d, &err), 0);
	model_clear(&space_doc_type, &d);
	ck_assert_int_eq(network_create(e, &space, &m, &err), 0); /* what is on record stays */
	ck_assert_uint_eq(n.subnet.addr, m.subnet.addr);
	ck_assert_uint_eq(n.gateway, n.subnet.addr + 1);
	subnet = n.subnet;
	lease = layout_lease(&e->layout, &space, ipv4_text(subnet.addr + 9, ip));
	/* Another subnet for another space. */
	ck_assert_int_eq(store_begin(&e->layout, &other, &err), 0);
	ck_assert_int_eq(network_create(e, &other, &m, &err), 1);
	ck_assert_uint_ne(n.subnet.addr, m.subnet.addr);
	d.head.metadata.name = xstrdup("s-x");
	d.spec.realm_id = xstrdup("r");
	ck_assert_int_eq(store_save(&e->layout, &other, 0, &d, &err), 0);
	model_clear(&space_doc_type, &d);
	/* "r-s" + "x" and "r" + "s-x" are one name: one bridge for two spaces is refused. */
	ck_assert_int_eq(network_create(e, &twin, &m, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.msg, "choose another name"));
	(void) unlink(file);
	f = fopen(file, "we");
	ck_assert_ptr_nonnull(f);
	(void) fputs("{\"subnetCIDR\": \"nonsense\"}", f);
	(void) fclose(f);
	ck_assert_int_eq(network_load_record(e, &space, &n, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "malformed"));
	/* The other file knows it too, and makes it good. */
	ck_assert_int_eq(network_load(e, &space, &n, &err), 0);
	ck_assert_uint_eq(n.subnet.addr, subnet.addr);
	ck_assert_int_eq(network_create(e, &space, &n, &err), 1);
	ck_assert_int_eq(network_load_record(e, &space, &m, &err), 0);
	ck_assert_uint_eq(m.subnet.addr, subnet.addr);
	/* Both damaged, a cell's address still tells. */
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_assert_int_eq(truncate(conflist, 0), 0);
	ck_assert_int_eq(network_load(e, &space, &n, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "network.json' is empty"));
	ck_assert_int_eq(mkdir(lease_dir, 0700), 0);
	ck_assert_int_eq(symlink("t/c", lease), 0);
	ck_assert_int_eq(network_load(e, &space, &n, &err), 0);
	ck_assert_uint_eq(n.subnet.addr, subnet.addr);
}
END_TEST

static Suite *test_engine(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, configurations);
	tcase_add_test(t, handlers_and_methods);
	tcase_add_test(t, a_missing_name_is_no_parent);
	tcase_add_test(t, scopes);
	tcase_add_test(t, levels_of_kinds);
	tcase_add_test(t, leases);
	tcase_add_test(t, what_is_no_lease);
	tcase_add_test(t, hosts_of_a_space);
	tcase_add_test(t, resolvers);
	tcase_add_test(t, network_records);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_engine);
