/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "engine_dir.h"
#include "fd.h"
#include "lease.h"
#include "network.h"
#include "str.h"

static const struct addr space = { .realm = "r", .space = "s" };

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
	lease = path_join(lease_dir, ipv4_text(subnet.addr + 9, ip), NULL);
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

/* ---- subnets ---- */

/* Four subnets of two addresses each, of which one is the gateway's. */
static void set_up_small(void)
{
	engine_set_up_as((struct engine_config){ .suffix = "unit.test",
						 .cgroup_root = "/kukeon-unit",
						 .pod_subnet_cidr = "10.251.7.0/28",
						 .pod_subnet_size = 30 });
}

static int create(const char *name, struct space_net *ret, struct kerr *err)
{
	struct addr a = { .realm = "r", .space = name };

	return network_create(e, &a, ret, err);
}

START_TEST(subnets_run_out)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct kerr err = { 0 };
	struct space_net n, late = { .gateway = 7 };

	(void) engine_realm("r");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void) engine_space("r", names[i]);
		ck_assert_msg(create(names[i], &n, &err) == 1, "%s", err.msg);
		ck_assert_uint_eq(n.subnet.addr, 0x0afb0700 + 4 * i); /* the lowest that is free */
		ck_assert_uint_eq(n.subnet.prefix, 30);
		ck_assert_uint_eq(n.gateway, n.subnet.addr + 1);
	}
	(void) engine_space("r", "late");
	ck_assert_int_eq(create("late", &late, &err), -ENOSPC);
	ck_assert_str_eq(err.msg,
			 "failed to create network: no free subnet available in parent CIDR");
	ck_assert_uint_eq(late.gateway, 7); /* untouched */
}
END_TEST

/* A space whose record cannot be read keeps its subnet while a lease tells which it is. */
START_TEST(a_damaged_space_keeps_its_subnet)
{
	struct addr a = { .realm = "r", .space = "a" };
	struct addr c = { .realm = "r", .space = "a", .stack = "t", .cell = "c" };
	char *file cleanup_free = layout_object(&e->layout, &a, SPACE_NETWORK);
	char *conflist cleanup_free = layout_object(&e->layout, &a, SPACE_CONFLIST);
	struct kerr err = { 0 };
	struct space_net n, m;
	uint32_t addr;

	(void) engine_realm("r");
	(void) engine_space("r", "a");
	(void) engine_space("r", "b");
	ck_assert_int_eq(create("a", &n, &err), 1);
	ck_assert_int_eq(lease_take(e, &(struct lease_holder){ .cell = c }, &n, &addr, &err), 0);
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_assert_int_eq(truncate(conflist, 0), 0);
	ck_assert_int_eq(create("b", &m, &err), 1);
	ck_assert_uint_ne(m.subnet.addr, n.subnet.addr);
	/* Its own files are written again. */
	ck_assert_int_eq(create("a", &m, &err), 1);
	ck_assert_uint_eq(m.subnet.addr, n.subnet.addr);
	ck_assert_int_eq(network_load_record(e, &a, &m, &err), 0);
}
END_TEST

/* ---- names and files ---- */

START_TEST(bridges)
{
	struct addr spaces[] = { { .realm = "r", .space = "s" },
				 { .realm = "r", .space = "s2" },
				 { .realm = "a-realm-with-a-long-name",
				   .space = "and-a-space-too" } };
	char seen[ARRAY_SIZE(spaces)][LINK_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		struct space_net n = { 0 };
		struct kerr err = { 0 };

		ck_assert_msg(network_create(e, &spaces[i], &n, &err) == 1, "%s", err.msg);
		ck_assert_uint_le(strlen(n.bridge), 15); /* of the kernel */
		(void) snprintf(seen[i], sizeof(seen[i]), "%s", n.bridge);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(seen[i], seen[k]);
	}
}
END_TEST

/* What is told to a CNI plugin is what the space has. */
START_TEST(conflist_of_a_space)
{
	char *file cleanup_free = layout_object(&e->layout, &space, SPACE_CONFLIST);
	struct buf text cleanup_buf = BUF_INIT(65536);
	char cidr[IPV4_NET_TEXT_MAX];
	struct space_net n;
	struct stat st;
	struct kerr err = { 0 };

	ck_assert_int_eq(network_create(e, &space, &n, &err), 1);
	ck_assert_int_eq(file_read_at(AT_FDCWD, file, 65536, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "\"name\": \"r-s\""));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), n.bridge));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), ipv4_net_text(n.subnet, cidr)));
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* One that was changed by hand is put right; a rewrite writes the same. */
	ck_assert_int_eq(truncate(file, 10), 0);
	ck_assert_int_eq(network_create(e, &space, &n, &err), 1);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq((size_t) st.st_size, text.len);
	ck_assert_int_eq(network_rewrite(e, &space, &err), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq((size_t) st.st_size, text.len);
}
END_TEST

static Suite *test_network(void)
{
	Suite *s = suite_create("network");
	TCase *t = tcase_create("all"), *small = tcase_create("few subnets");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, network_records);
	tcase_add_test(t, bridges);
	tcase_add_test(t, conflist_of_a_space);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(small, set_up_small, engine_tear_down);
	tcase_add_test(small, subnets_run_out);
	tcase_add_test(small, a_damaged_space_keeps_its_subnet);
	suite_add_tcase(s, small);
	return s;
}

UNIT_MAIN(test_network);
